package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newFinalize(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("finalize", "Remove legacy releases for good", `
Remove the legacy release for good. Three things must hold: the primary is v1.22 or later, which has
no legacy path; every check passes; and every workspace was rebuilt since Networking v2 was switched
on.

The plan shows which objects are deleted and which stay. The ServiceAccount, Role and RoleBinding
named coder always stay, because Coder provisions workspaces with them. The canary is rebuilt to
prove that workspaces still build; if that fails, the release is restored.`, `
# One region first, then the others
kubectl coder-satellite finalize -f fleet.yaml --region sydney
kubectl coder-satellite finalize -f fleet.yaml`)
	force := cmd.Flags().Bool("force", false, "remove it even though workspaces were not rebuilt yet; needs --reason")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, reason: true, measures: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Finalize(*force), "Remove the legacy release of"
		return nil
	})
}
