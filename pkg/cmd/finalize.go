package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newFinalize(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "finalize",
		Short: "Remove legacy releases for good",
		Long: `Remove the legacy release for good, once the primary is v1.22 or later, which has no
legacy path any more, every check is green, and no workspace waits for a rebuild
since Networking v2 was switched on. It shows which objects go and which
stay: the ServiceAccount, Role and RoleBinding coder always stay, because Coder
provisions workspaces with them. The canary is rebuilt to prove that workspaces still
build; if that fails, the release is restored.`,
		Example: examples(`
# One region first, then the others
kubectl coder-satellite finalize -f fleet.yaml --region sydney
kubectl coder-satellite finalize -f fleet.yaml`),
	}
	force := cmd.Flags().Bool("force", false, "remove it although workspaces wait for a rebuild; needs --reason")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, reason: true, measures: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Finalize(*force), "Remove the legacy release of"
		return nil
	})
}
