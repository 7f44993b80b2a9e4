package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newFinalize(env Environment) *cobra.Command {
	t := &targets{env: env}
	r := &runFlags{}
	var output output
	cmd := &cobra.Command{
		Use:   "finalize",
		Short: "Remove legacy releases for good",
		Long: `Remove the legacy release for good, once the primary is v1.22 or later, which has no
legacy path any more, and every check is green. It shows which objects go and which
stay: the ServiceAccount, Role and RoleBinding coder always stay, because Coder
provisions workspaces with them. The canary is rebuilt to prove that workspaces still
build; if that fails, the release is restored.`,
		Example: examples(`
# One region first, then the others
kubectl coder-satellite finalize -f fleet.yaml --region sydney
kubectl coder-satellite finalize -f fleet.yaml`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runOperation(cmd, env, t, r, &output, migration.Finalize(), "Remove the legacy release of")
		},
	}
	t.addTo(cmd)
	r.addTo(cmd.Flags())
	output.addTo(cmd)
	r.addReasonTo(cmd.Flags())
	return cmd
}
