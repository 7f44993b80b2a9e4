package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// completeContexts offers the contexts of the kubeconfig, but for those that
// were given already.
func completeContexts(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	kubeconfig, err := cluster.LoadKubeconfig(flagValue(cmd, "kubeconfig"))
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return offer(kubeconfig.Contexts(), flagValues(cmd, "context"), typed)
}
