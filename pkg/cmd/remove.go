package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRemove(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("remove", "Unregister and uninstall satellites that nothing uses", `
Unregister a satellite at the primary and uninstall its release. It refuses while a workspace
provider of the region uses Networking v2, because users could no longer reach their workspaces:
roll back first.`, `
# The satellite of a region that was rolled back
kubectl coder-satellite remove -f fleet.yaml --region sydney`)
	force := cmd.Flags().Bool("force", false, "remove it even though it is in use; needs --reason")
	return operationVerb(env, cmd, needs{regions: true, reason: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Remove(*force), "Remove the satellite of"
		return nil
	})
}
