package cmd

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// primaryPatience is how long a completion waits for the primary. With the start
// of the plugin, and of kubectl before it, an answer takes less than two seconds.
const primaryPatience = 1500 * time.Millisecond

// completeProviders offers the names of the primary's workspace providers, but
// for its own cluster's.
func completeProviders(env Environment) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names := askPrimary(env, cmd, func(ctx context.Context, primary *coder.Client) ([]string, error) {
			providers, err := primary.Providers(ctx)
			var names []string
			for _, provider := range providers {
				if !provider.BuiltIn {
					names = append(names, provider.Name)
				}
			}
			return names, err
		})
		return offer(names, nil, typed)
	}
}

// completeWorkspaces offers the operator's own workspaces, and the choices that
// are no workspace's name.
func completeWorkspaces(env Environment, choices ...string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		names := askPrimary(env, cmd, func(ctx context.Context, primary *coder.Client) ([]string, error) {
			me, err := primary.Me(ctx)
			if err != nil {
				return nil, err
			}
			workspaces, err := primary.Workspaces(ctx, coder.WorkspaceFilter{Users: []string{me.ID}})
			var names []string
			for _, workspace := range workspaces {
				names = append(names, workspace.Name)
			}
			return names, err
		})
		return offer(slices.Concat(choices, names), nil, typed)
	}
}

// askPrimary asks the primary that the command line names so far. No answer in
// time, or an error, is no names. They come sorted.
func askPrimary(env Environment, cmd *cobra.Command, ask func(context.Context, *coder.Client) ([]string, error)) []string {
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
