// Package cmd is the command line: verbs turn flags into options, make one call, and print. It holds no migration logic.
package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// NewRoot returns the command tree.
func NewRoot(env Environment) *cobra.Command {
	root := documented(pluginFile)
	root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl coder-satellite"}
	root.SilenceErrors, root.SilenceUsage, root.Version, root.Args = true, true, env.version(), cobra.ArbitraryArgs
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return notAVerb(cmd, args[0])
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
		newPlan(env, connected(runPlan)), newMigrate(env, runOperation), newStatus(env, connected(runStatus)), newVerify(env, connected(runVerify)),
		newRollback(env, runOperation), newRetain(env, runOperation), newRemove(env, runOperation), newFinalize(env, runOperation),
		newWorkspaces(env, connected(runWorkspaces), connected(runRebuild)), newReport(env, runReport), newHistory(env, connected(runHistory)),
		newSupportBundle(env, runSupportBundle), newDiscover(env, runDiscover), newExplain(env), newApprove(env, runApprove), newUnlock(env, connected(runUnlock)),
		newRBAC(env, runRBAC), newExport(env, runExport), newCompletion(env), newOptions(env), newVersion(env, runVersion),
	)
	completeTree(env, root)
	defaultsFromEnvironment(env, root)
	return root
}

func notAVerb(root *cobra.Command, name string) error {
	var verbs []string
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() {
			verbs = append(verbs, c.Name())
		}
	}
	return usagef("%q is not a verb of kubectl coder-satellite%s; `kubectl coder-satellite --help` lists them", name, suggest.DidYouMean(name, verbs))
}
