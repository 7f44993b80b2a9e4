package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

type removeFlags struct {
	operationFlags
	force bool
}

// options checks the flags and returns their value.
func (f *removeFlags) options(env Environment) (operationOptions, error) {
	if err := f.run.needReason("--force", f.force); err != nil {
		return operationOptions{}, err
	}
	return f.operationFlags.options(env, change{operation: migration.Remove(f.force), imperative: "Remove the satellite of"})
}

func newRemove(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	flags := &removeFlags{}
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
			options, err := flags.options(env)
			if err != nil {
				return err
			}
			return run(cmd.Context(), options)
		},
	}
	flags.addTo(cmd, needs{regions: true})
	flags.run.addReasonTo(cmd.Flags())
	cmd.Flags().BoolVar(&flags.force, "force", false, "remove it although it is in use; needs --reason")
	return cmd
}
