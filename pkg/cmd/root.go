// Package cmd is the command line: verbs turn flags into options, make one call, and print. It holds no migration logic.
package cmd

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

const rootLong = `Move the regions of a Coder v1 deployment from envproxy to satellites.

A region is one satellite and the workspace providers that it serves.
Plan first, migrate with one command, check with status. The legacy release is retained,
so you can always roll back.

Flags go after the verb: kubectl takes none before a plugin's name.`

// NewRoot returns the command tree.
func NewRoot(env Environment) *cobra.Command {
	root := &cobra.Command{
		Use:           "kubectl-coder_satellite",
		Short:         "Move Coder v1 regions from envproxy to satellites",
		Long:          rootLong,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl coder-satellite"},
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       env.version(),
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return notAVerb(cmd, args[0])
		},
	}
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.ErrOut)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if args := cmd.Flags().Args(); cmd == root && len(args) > 0 {
			return notAVerb(cmd, args[0]) // its flags are unknown because it is
		}
		return flagError(cmd, err)
	})
	root.Flags().Bool("version", false, "print the plugin's version") // cobra's own would take -v
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) { writeHelp(cmd.OutOrStdout(), cmd) })
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newPlan(env, runPlan), newMigrate(env, runOperation), newStatus(env, runStatus), newVerify(env, runVerify),
		newRollback(env, runOperation), newRetain(env, runOperation), newRemove(env, runOperation), newFinalize(env, runOperation),
		newWorkspaces(env, runWorkspaces, runRebuild), newReport(env, runReport), newHistory(env, runHistory), newSupportBundle(env, runSupportBundle), newDiscover(env, runDiscover), newExplain(env), newUnlock(env, runUnlock), newRBAC(env, runRBAC), newExport(env, runExport),
		newCompletion(env), newOptions(env), newVersion(env, runVersion),
	)
	completeTree(env, root)
	defaultsFromEnvironment(env, root)
	return root
}

func notAVerb(root *cobra.Command, name string) error {
	return usagef("%q is not a verb of kubectl coder-satellite%s; `kubectl coder-satellite --help` lists them",
		name, suggest.DidYouMean(name, verbs(root)))
}

func verbs(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// command returns a command with its help. long and example begin with a line break.
func command(use, short, long, example string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: strings.TrimSpace(long), Example: examples(example)}
}

func examples(text string) string {
	return strings.ReplaceAll("  "+strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  "), "  \n", "\n")
}
