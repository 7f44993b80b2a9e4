package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

type migrateFlags struct {
	operationFlags
	// plan is the file of the plan to carry out; empty if there is none.
	plan string
	// wholeRegions leaves a region alone if one of its providers cannot be migrated.
	wholeRegions bool
}

// options checks the flags and returns their value. It reads the plan.
func (f *migrateFlags) options(env Environment) (operationOptions, error) {
	if f.plan == fleet.Stdin && f.targets.flags.Filename == fleet.Stdin {
		return operationOptions{}, usagef("--plan and --filename cannot both be standard input: give one of them as a file")
	}
	wanted := change{operation: migration.Migrate(migration.MigrateOptions{WholeRegions: f.wholeRegions}), imperative: "Migrate"}
	if f.plan != "" {
		var err error
		if wanted.planned, err = readPlan(env, f.plan); err != nil {
			return operationOptions{}, err
		}
	}
	return f.operationFlags.options(env, wanted)
}

func newMigrate(env Environment, run func(context.Context, operationOptions) error) *cobra.Command {
	flags := &migrateFlags{}
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Move regions to their satellites",
		Long: `Move regions to their satellites: install the satellite, wait until its access URL
leads to it, and register its key; then, for each of the region's workspace providers,
retain the legacy release, switch to Networking v2, rebuild a canary workspace, and
check that it works. A provider whose cluster does not answer is left alone, and does
not keep the others of its region from migrating.

It shows the plan and asks before it acts. It is safe to interrupt and to repeat: a
second run goes on where the first one stopped, and changes nothing where nothing
is left to do. If something fails after the switch, the switch is undone.`,
		Example: examples(`
# The regions of a fleet: first one, then the rest
kubectl coder-satellite migrate -f fleet.yaml

# One region of it, without being asked
kubectl coder-satellite migrate -f fleet.yaml --region sydney --yes

# Exactly what was planned, or nothing
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json
kubectl coder-satellite migrate -f fleet.yaml --plan plan.json

# One region, by its kubeconfig context
kubectl coder-satellite migrate --context sydney --access-url https://coder-sydney.example.com --values sydney.yaml`),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := flags.options(env)
			if err != nil {
				return err
			}
			return run(cmd.Context(), options)
		},
	}
	flags.addTo(cmd, needs{regions: true, accessURL: true, chart: true})
	addWholeRegionsTo(cmd.Flags(), &flags.wholeRegions)
	cmd.Flags().StringVar(&flags.plan, "plan", "",
		"carry out exactly this plan (from plan -o json), or refuse, naming what changed since; - for standard input")
	return cmd
}
