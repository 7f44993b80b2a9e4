package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newRollback(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("rollback", "Return regions to the legacy path", `
Return regions to the legacy path: restore the legacy release's record if it is gone, switch the
workspace provider back, rebuild the canary, and check that envproxy answers. With
--remove-satellite, also unregister and uninstall the satellite; otherwise it stays, and a later
migrate is quick.

It refuses, with reasons, when the legacy release would not work.`, `
# One region of a fleet
kubectl coder-satellite rollback -f fleet.yaml --region sydney

# And remove the satellite, too
kubectl coder-satellite rollback -f fleet.yaml --region sydney --remove-satellite --yes`)
	var options migration.RollbackOptions
	f := cmd.Flags()
	f.BoolVar(&options.RemoveSatellite, "remove-satellite", false, "also unregister and uninstall the satellite")
	f.BoolVar(&options.Force, "force", false, "roll back even though the legacy release is not ready; needs --reason")
	was := f.String("networking-v2-was", "", "whether Networking v2 was on or off before the migration, if no journal says so")
	return operationVerb(env, cmd, needs{regions: true, reason: true, switches: true, measures: true}, run, func(o *operationOptions) error {
		if *was != "" {
			on := *was == "on"
			options.NetworkingV2Was = &on
			if !on && *was != "off" {
				return usagef("--networking-v2-was is %q: it must be on or off", *was)
			}
		}
		o.operation, o.imperative = migration.Rollback(options), "Roll back"
		return nil
	})
}
