package cmd

import (
	"context"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// contextsTyped returns the contexts of the kubeconfig.
func contextsTyped(cmd *cobra.Command) []string {
	kubeconfig, err := cluster.LoadKubeconfig(flagValue(cmd, "kubeconfig"))
	if err != nil {
		return nil
	}
	return kubeconfig.Contexts()
}

// regionsTyped returns the regions of the Fleet file that -f names, except of standard input, which is the shell's. The
// files that the Fleet names need not exist yet.
func regionsTyped(cmd *cobra.Command) (names []string) {
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
	for _, region := range found.Regions {
		names = append(names, region.Name)
	}
	return names
}

// primaryPatience is how long a completion waits for the primary. With the start of the plugin, and of kubectl before
// it, an answer takes less than two seconds.
const primaryPatience = 1500 * time.Millisecond

// providers returns the names of the primary's workspace providers, except its own cluster's.
func providers(ctx context.Context, primary *coder.Client) (names []string, err error) {
	found, err := primary.Providers(ctx)
	for _, provider := range found {
		if !provider.BuiltIn {
			names = append(names, provider.Name)
		}
	}
	return names, err
}

// workspaceNames returns the names of the operator's own workspaces.
func workspaceNames(ctx context.Context, primary *coder.Client) (names []string, err error) {
	me, err := primary.Me(ctx)
	if err != nil {
		return nil, err
	}
	found, err := primary.Workspaces(ctx, me.ID)
	for _, workspace := range found {
		names = append(names, workspace.Name)
	}
	return names, err
}

// asking asks the primary that the command line names so far, and sorts the names. If no answer comes in time, or an
// error, there are none.
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
