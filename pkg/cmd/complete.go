package cmd

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// completeTree says, for every command and flag of the tree, what completes it.
// Completion is silent: what cannot be found out is not offered.
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

// completeFlag returns what completes the values of a flag. A name means the
// same in every verb.
func completeFlag(env Environment, name string) cobra.CompletionFunc {
	switch name {
	case "context":
		return completeContexts
	case "region":
		return completeRegions
	case "provider":
		return completeProviders(env)
	case "canary":
		return completeWorkspaces(env, fleet.CanaryAuto, fleet.CanaryNone)
	case "workspace":
		return completeWorkspaces(env)
	case "filename", "values":
		return files("yaml", "yml", "json")
	case "plan":
		return files("json")
	case "chart", "kubeconfig", "coder-token-file", "coder-ca-file":
		return files()
	case "evidence-dir", "dir":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "networking-v2-was":
		return words("on", "off")
	default:
		return cobra.NoFileCompletions
	}
}

// words completes to one of the words.
func words(choices ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
}

// files completes to files with one of the endings, or to any.
func files(endings ...string) cobra.CompletionFunc {
	if len(endings) == 0 {
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveDefault)
	}
	return cobra.FixedCompletions(endings, cobra.ShellCompDirectiveFilterFileExt)
}

// offer returns those of the choices that begin with what was typed and are not
// among those given before.
func offer(choices, given []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	taken := make(map[string]bool, len(given))
	for _, name := range given {
		taken[name] = true
	}
	var offered []cobra.Completion
	for _, choice := range choices {
		if strings.HasPrefix(choice, typed) && !taken[choice] {
			offered = append(offered, choice)
		}
	}
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// flagValue returns a flag's value; empty if the command has no such flag.
func flagValue(cmd *cobra.Command, name string) string {
	if flag := cmd.Flags().Lookup(name); flag != nil {
		return flag.Value.String()
	}
	return ""
}

// flagValues returns the values of a flag that can be repeated.
func flagValues(cmd *cobra.Command, name string) []string {
	values, err := cmd.Flags().GetStringArray(name)
	if err != nil {
		return nil
	}
	return values
}
