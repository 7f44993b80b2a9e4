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
register its key; then, for each of the region's workspace providers, retain the legacy release,
switch to Networking v2, rebuild a canary workspace, and check that it works. A provider whose
cluster does not answer is left alone; the other providers of its region still migrate.

It shows the plan and asks before it acts. It is safe to interrupt and to repeat: a second run
continues where the first one stopped, and changes nothing if nothing is left to do. If something
fails after the switch, the switch is undone.`, `
# The regions of a fleet: first one, then the rest
kubectl coder-satellite migrate -f fleet.yaml

# One region of the fleet, without being asked
kubectl coder-satellite migrate -f fleet.yaml --region sydney --yes

# Exactly what was planned, or nothing at all
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json
kubectl coder-satellite migrate -f fleet.yaml --plan plan.json

# One region, by its kubeconfig context
kubectl coder-satellite migrate --context sydney --access-url https://coder-sydney.example.com`)
	var whole, suspend bool
	wholeRegionsFlag(cmd, &whole)
	gitopsFlag(cmd, &suspend)
	file := cmd.Flags().String("plan", "",
		"carry out exactly this plan (from plan -o json), or refuse and name what has changed; - for standard input")
	return operationVerb(env, cmd, needs{regions: true, accessURL: true, chart: true, switches: true, measures: true}, run, func(o *operationOptions) (err error) {
		if *file == fleet.Stdin && o.flags.Filename == fleet.Stdin {
			return usagef("--plan and --filename cannot both be standard input: give one of them as a file")
		}
		if *file != "" {
			o.planned, err = readPlan(env, *file)
		}
		o.operation, o.imperative = migration.Migrate(whole, suspend), "Migrate"
		return err
	})
}
