package cmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// completeTree says, for every command and flag of the tree, what completes it. Completion is silent: what cannot be
// determined is not offered.
func completeTree(env Environment, cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		// what has a completion of its own keeps it
		if _, has := cmd.GetFlagCompletionFunc(flag.Name); !has {
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, completeFlag(env, flag.Name))
		}
	})
	for _, child := range cmd.Commands() {
		completeTree(env, child)
	}
}

// completeFlag returns what completes the values of a flag. A name means the same in every verb.
func completeFlag(env Environment, name string) cobra.CompletionFunc {
	switch name {
	case "context":
		return completeNames(name, contextsTyped)
	case "region", "exclude":
		return completeNames(name, regionsTyped)
	case "provider":
		return completeNames("", asking(env, providers))
	case "canary":
		return completeNames("", asking(env, workspaceNames), fleet.CanaryAuto, fleet.CanaryNone)
	case "workspace":
		return completeNames("", asking(env, workspaceNames))
	case "filename", "values":
		return cobra.FixedCompletions([]string{"yaml", "yml", "json"}, cobra.ShellCompDirectiveFilterFileExt)
	case "plan":
		return cobra.FixedCompletions([]string{"json"}, cobra.ShellCompDirectiveFilterFileExt)
	case "chart", "kubeconfig", "coder-token-file", "coder-ca-file", "events", "set-file", "report", "to", "add":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	case "evidence-dir", "dir", "cache-dir":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "networking-v2-was":
		return words("on", "off")
	case "dry-run":
		return words("none", "client")
	case "expect":
		return words("migrated", "planned")
	default:
		return cobra.NoFileCompletions
	}
}

// words completes to one of the words.
func words(choices ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
}

// completeNames offers the choices, and the names that names finds by what was typed so far, except what the repeatable
// flag has already; its name is empty for a flag whose values may be given again.
func completeNames(flag string, names func(*cobra.Command) []string, choices ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		given, _ := cmd.Flags().GetStringArray(flag) // none without a flag
		return offer(slices.Concat(choices, names(cmd)), given, typed)
	}
}

// offer returns those of the choices that begin with what was typed and are not among those given before.
func offer(choices, given []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	offered := slices.DeleteFunc(slices.Clone(choices), func(choice string) bool {
		return !strings.HasPrefix(choice, typed) || slices.Contains(given, choice)
	})
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// flagValue returns a flag's text; empty if the command has no such flag.
func flagValue(cmd *cobra.Command, name string) string {
	text, _ := cmd.Flags().GetString(name)
	return text
}
