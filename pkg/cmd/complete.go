package cmd

import (
	"cmp"
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// completeTree registers a completion for every command and flag. What cannot be determined is silently not offered.
func completeTree(env Environment, cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if _, has := cmd.GetFlagCompletionFunc(flag.Name); !has {
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, completeFlag(env, flag.Name))
		}
	})
	for _, child := range cmd.Commands() {
		completeTree(env, child)
	}
}

// completeFlag returns the completion of a flag's values. A flag of one name means the same in every verb.
func completeFlag(env Environment, name string) cobra.CompletionFunc {
	switch name {
	case "context":
		return completeNames(name, contextsTyped)
	case "region", "exclude":
		return completeNames(name, typedIn(func(f *v1alpha1.Fleet) []string {
			return each(f.Regions, func(_ int, region v1alpha1.Region) string { return region.Name })
		}))
	case "wave":
		return completeNames("", typedIn(func(f *v1alpha1.Fleet) []string {
			return each(f.Rollout.Waves, func(i int, wave v1alpha1.Wave) string { return cmp.Or(wave.Name, strconv.Itoa(i+1)) })
		}))
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
	case "evidence-dir", "dir", "cache-dir", "output-dir":
		return cobra.FixedCompletions(nil, cobra.ShellCompDirectiveFilterDirs)
	case "networking-v2-was":
		return words("on", "off")
	case "satellite":
		return words(fleet.SatelliteNone, fleet.SatelliteFlux, fleet.SatelliteArgoCD, fleet.SatelliteHelm)
	case "dry-run":
		return words("none", "client")
	case "expect":
		return words("migrated", "planned")
	default:
		return cobra.NoFileCompletions
	}
}

func words(choices ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
}

// completeNames offers the choices and names, without those that the repeatable flag has; flag is empty for any other.
func completeNames(flag string, names func(*cobra.Command) []string, choices ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		given, _ := cmd.Flags().GetStringArray(flag) // none without a flag
		return offer(slices.Concat(choices, names(cmd)), given, typed)
	}
}

// offer returns the choices that begin with what was typed and were not given before.
func offer(choices, given []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	offered := slices.DeleteFunc(slices.Clone(choices), func(choice string) bool {
		return !strings.HasPrefix(choice, typed) || slices.Contains(given, choice)
	})
	return offered, cobra.ShellCompDirectiveNoFileComp
}

// each returns the names of all items.
func each[T any](items []T, name func(int, T) string) []string {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = name(i, item)
	}
	return names
}

func flagValue(cmd *cobra.Command, name string) string {
	text, _ := cmd.Flags().GetString(name)
	return text
}

func contextsTyped(cmd *cobra.Command) []string {
	kubeconfig, err := cluster.LoadKubeconfig(flagValue(cmd, "kubeconfig"))
	if err != nil {
		return nil
	}
	return kubeconfig.Contexts()
}

// typedIn returns names from the Fleet file in -f, except from standard input, which the shell owns.
func typedIn(names func(*v1alpha1.Fleet) []string) func(*cobra.Command) []string {
	return func(cmd *cobra.Command) []string {
		file := flagValue(cmd, "filename")
		if file == fleet.Stdin {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil
		}
		found, err := fleet.Decode(file, data)
		if err != nil {
			return nil
		}
		return names(found)
	}
}

// primaryPatience bounds a completion's wait for the primary: with kubectl's and the plugin's start, two seconds.
const primaryPatience = 1500 * time.Millisecond

// providers returns the names of the workspace providers, except the primary's own cluster's.
func providers(ctx context.Context, primary *coder.Client) (names []string, err error) {
	found, err := primary.Providers(ctx)
	for _, provider := range found {
		if !provider.BuiltIn {
			names = append(names, provider.Name)
		}
	}
	return names, err
}

func workspaceNames(ctx context.Context, primary *coder.Client) ([]string, error) {
	me, err := primary.Me(ctx)
	if err != nil {
		return nil, err
	}
	found, err := primary.Workspaces(ctx, me.ID)
	return each(found, func(_ int, workspace coder.Workspace) string { return workspace.Name }), err
}

// asking queries the primary that the command line names so far. After an error or a timeout it offers nothing.
func asking(env Environment, ask func(context.Context, *coder.Client) ([]string, error)) func(*cobra.Command) []string {
	return func(cmd *cobra.Command) []string {
		ctx, cancel := context.WithTimeout(cmd.Context(), primaryPatience)
		defer cancel()
		typed := targets{
			env:            env,
			flags:          fleet.Flags{CoderURL: flagValue(cmd, "coder-url"), CAFile: flagValue(cmd, "coder-ca-file")},
			tokenFile:      flagValue(cmd, "coder-token-file"),
			requestTimeout: primaryPatience,
		}
		c, err := typed.connect()
		if err != nil {
			return nil
		}
		names, err := ask(ctx, c.primary)
		if err != nil {
			return nil
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
}
