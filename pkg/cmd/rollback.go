package cmd

import (
	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRollback(env Environment) *cobra.Command {
	t := &targets{env: env}
	r := &runFlags{}
	var (
		output  output
		options migration.RollbackOptions
		was     string
	)
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
			switch was {
			case "":
			case "on", "off":
				on := was == "on"
				options.NetworkingV2Was = &on
			default:
				return usagef("--networking-v2-was is %q: it is on or off", was)
			}
			if err := r.needReason("--force", options.Force); err != nil {
				return err
			}
			t.flags.AccessURLOptional = true
			return runOperation(cmd, env, t, r, &output, migration.Rollback(options), "Roll back")
		},
	}
	t.addTo(cmd)
	r.addTo(cmd.Flags())
	output.addTo(cmd)
	f := cmd.Flags()
	f.BoolVar(&options.RemoveSatellite, "remove-satellite", false, "also unregister and uninstall the satellite")
	f.BoolVar(&options.Force, "force", false, "go back although the legacy release is not ready for it; needs --reason")
	f.StringVar(&was, "networking-v2-was", "", "what Networking v2 was before the migration, on or off, when no journal says so")
	r.addReasonTo(f)
	return cmd
}
