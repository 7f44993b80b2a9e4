package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

func newMigrate(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("migrate", "Move regions to their satellites", `
Move regions to their satellites: install the satellite, wait until its access URL leads to it, and
register its key; then, for each workspace provider, retain the legacy release, switch to Networking
v2, rebuild a canary workspace, and check that it works. A provider whose cluster does not answer is
left alone; the region's other providers still migrate.

It shows the plan and asks before it acts. You can interrupt and repeat it: a second run continues
where the first one stopped, and changes nothing if nothing is left to do. If something fails after
the switch, the switch is undone.`, `
# The regions of a fleet: first one, then the rest
kubectl coder-satellite migrate -f fleet.yaml

# One region of the fleet, without being asked
kubectl coder-satellite migrate -f fleet.yaml --region sydney --yes

# Exactly what was planned, or nothing at all
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json
kubectl coder-satellite migrate -f fleet.yaml --plan plan.json

# One region, by its kubeconfig context
kubectl coder-satellite migrate --context sydney --access-url https://coder-sydney.example.com`)
	var whole bool
	wholeRegionsFlag(cmd, &whole)
	policy := retainingFlag(cmd)
	file := cmd.Flags().String("plan", "",
		"carry out exactly this plan (from plan -o json), or refuse and name what has changed; - for standard input")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, chart: true, switches: true, measures: true}, run, func(o *operationOptions) (err error) {
		if *file == fleet.Stdin && o.flags.Filename == fleet.Stdin {
			return usagef("--plan and --filename cannot both be standard input: give one of them as a file")
		}
		if *file != "" {
			o.planned, err = readPlan(env, *file)
		}
		o.operation, o.imperative = migration.Migrate(whole, *policy), "Migrate"
		return err
	})
}

func newRollback(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("rollback", "Return regions to the legacy path", `
Return regions to the legacy path: restore the legacy release's record if it is gone, switch the
workspace provider back, rebuild the canary, and check that envproxy answers. The satellite stays,
so that a later migrate is quick, unless --remove-satellite unregisters and uninstalls it.

It refuses, with reasons, when the legacy release would not work.`, `
# One region of a fleet
kubectl coder-satellite rollback -f fleet.yaml --region sydney

# And remove the satellite
kubectl coder-satellite rollback -f fleet.yaml --region sydney --remove-satellite --yes`)
	var options migration.RollbackOptions
	f := cmd.Flags()
	f.BoolVar(&options.RemoveSatellite, "remove-satellite", false, "also unregister and uninstall the satellite")
	f.BoolVar(&options.Force, "force", false, "roll back even though the legacy release is not ready; needs --reason")
	policy := gitopsFlag(cmd, "`POLICY` for a HelmRelease that an earlier run suspended: \"resume\" it in the end, or \"leave\" it suspended (default)", "leave", "resume")
	was := f.String("networking-v2-was", "", "whether Networking v2 was on or off before the migration, if no journal says so")
	return operationVerb(env, cmd, needs{regions: true, reason: true, switches: true, measures: true}, run, func(o *operationOptions) error {
		if *was != "" {
			on := *was == "on"
			options.NetworkingV2Was = &on
			if !on && *was != "off" {
				return usagef("--networking-v2-was is %q: it must be on or off", *was)
			}
		}
		options.Resume = *policy == "resume"
		o.operation, o.imperative = migration.Rollback(options), "Roll back"
		return nil
	})
}

func newRetain(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("retain", "Make legacy releases survive a helm uninstall", `
Make the legacy release survive until it is removed on purpose: back up its record, add the keep
policy to the record's manifest and to the live objects, and label the record. migrate does this
first; retain does only this, also after an upgrade of the legacy release undid it. Running it again
changes nothing.

Afterwards "helm list -A -l coder-satellite.dev/retained=true" lists the releases.`, `
# Every legacy release of a fleet
kubectl coder-satellite retain -f fleet.yaml --reason "kept until v1.22"

# One region, by its kubeconfig context
kubectl coder-satellite retain --context sydney`)
	policy := retainingFlag(cmd)
	return operationVerb(env, cmd, needs{regions: true, reason: true}, run, func(o *operationOptions) error {
		o.operation, o.imperative = migration.Retain(*policy), "Retain the legacy release of"
		return nil
	})
}

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

func newFinalize(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	cmd := command("finalize", "Remove legacy releases for good", `
Remove the legacy release for good. Three things must hold: the primary is v1.22 or later, which has
no legacy path; every check passes; and every workspace was rebuilt since the switch to Networking
v2.

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
