package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRemove(env Environment) *cobra.Command {
	t := &targets{env: env}
	r := &runFlags{}
	var (
		output output
		force  bool
	)
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Unregister and uninstall satellites that nothing uses",
		Long: `Unregister a satellite at the primary and uninstall its release. It refuses while the
region's workspace provider uses Networking v2, because users would lose their way
to their workspaces: roll back first.`,
		Example: examples(`
# The satellite of a region that was rolled back
kubectl coder-satellite remove -f fleet.yaml --region sydney`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.needReason("--force", force); err != nil {
				return err
			}
			t.flags.AccessURLOptional = true
			return runOperation(cmd, env, t, r, &output, migration.Remove(force), "Remove the satellite of")
		},
	}
	t.addTo(cmd)
	r.addTo(cmd.Flags())
	output.addTo(cmd)
	cmd.Flags().BoolVar(&force, "force", false, "remove it although it is in use; needs --reason")
	r.addReasonTo(cmd.Flags())
	return cmd
}
