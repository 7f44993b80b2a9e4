package cmd

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRollback(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
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
	}
	affected := maxAffectedFlag(cmd)
	f := cmd.Flags()
	remove := f.Bool("remove-satellite", false, "also unregister and uninstall the satellite")
	force := f.Bool("force", false, "go back although the legacy release is not ready for it; needs --reason")
	was := f.String("networking-v2-was", "", "what Networking v2 was before the migration, on or off, when no journal says so")
	return operationVerb(env, cmd, needs{regions: true, reason: true, measures: true}, run, func(reason string) (change, error) {
		options := migration.RollbackOptions{RemoveSatellite: *remove, Force: *force}
		if *was != "" {
			on := *was == "on"
			options.NetworkingV2Was = &on
			if !on && *was != "off" {
				return change{}, usagef("--networking-v2-was is %q: it is on or off", *was)
			}
		}
		limit, err := affected()
		wanted := change{operation: migration.Rollback(options), imperative: "Roll back", maxAffected: limit}
		return wanted, errors.Join(err, needReason(*force, reason))
	})
}
