package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

type rollbackFlags struct {
	operationFlags
	removeSatellite bool
	force           bool
	// was is what Networking v2 was before the migration: on, off, or empty for
	// what the journal says.
	was string
}

// options checks the flags and returns their value.
func (f *rollbackFlags) options(env Environment) (operationOptions, error) {
	options := migration.RollbackOptions{RemoveSatellite: f.removeSatellite, Force: f.force}
	switch f.was {
	case "":
	case "on", "off":
		on := f.was == "on"
		options.NetworkingV2Was = &on
	default:
		return operationOptions{}, usagef("--networking-v2-was is %q: it is on or off", f.was)
	}
	if err := f.run.needReason("--force", f.force); err != nil {
		return operationOptions{}, err
	}
	return f.operationFlags.options(env, change{operation: migration.Rollback(options), imperative: "Roll back"})
}

func newRollback(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	flags := &rollbackFlags{}
	cmd := &cobra.Command{
		Use:   "rollback",
		Short: "Bring regions back to the legacy path",
		Long: `Bring regions back to the legacy path: restore the legacy release's record if it is
gone, switch the workspace provider back to what it was, rebuild the canary, and
check that envproxy answers. With --remove-satellite, also unregister and uninstall
the satellite; without, it stays and a later migrate is quick.

It refuses, with reasons, when the legacy release would not work.`,
		Example: examples(`
# One region of a fleet
kubectl coder-satellite rollback -f fleet.yaml --region sydney

# And take the satellite away, too
kubectl coder-satellite rollback -f fleet.yaml --region sydney --remove-satellite --yes`),
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
	f := cmd.Flags()
	f.BoolVar(&flags.removeSatellite, "remove-satellite", false, "also unregister and uninstall the satellite")
	f.BoolVar(&flags.force, "force", false, "go back although the legacy release is not ready for it; needs --reason")
	f.StringVar(&flags.was, "networking-v2-was", "", "what Networking v2 was before the migration, on or off, when no journal says so")
	return cmd
}
