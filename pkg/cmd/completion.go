package cmd

import (
	"github.com/spf13/cobra"
)

const completionLong = `Print a script that completes commands in a shell, or install the one that kubectl asks.

For ` + "`kubectl coder-satellite`" + ` it is kubectl that completes: set up its own completion, and
run ` + "`kubectl coder-satellite completion kubectl`" + ` once. The scripts for shells complete the
plugin when it is called by the name of its file, kubectl-coder_satellite.`

func newCompletion(env Environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "completion",
		Short: "Set up completion for kubectl or for a shell",
		Long:  completionLong,
		Example: examples(`
# For kubectl coder-satellite, in every shell that completes kubectl
kubectl coder-satellite completion kubectl`),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("there is no completion for %q: choose kubectl, bash, zsh, fish or powershell", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCompletionKubectl(env))
	for _, shell := range shells() {
		cmd.AddCommand(newCompletionShell(env, shell))
	}
	return cmd
}
