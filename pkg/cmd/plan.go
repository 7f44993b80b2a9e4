package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

type planOptions struct {
	documentOptions
	reports      reportFiles
	detailed     bool // detailed makes pending changes an exit code of their own
	diff         bool // diff includes the difference in the satellite's manifest
	wholeRegions bool // wholeRegions leaves a region alone if one of its providers cannot be migrated
	suspend      bool // suspend plans the suspension of what Flux owns
}

func newPlan(env Environment, run func(context.Context, planOptions) error) *cobra.Command {
	cmd := command("plan", "Show what migrate would do, and change nothing", `
Show for each region and step what is already in place and what migrate would change, with the
difference in the satellite's manifest. Secret data is never shown. Nothing is written, not even as
a dry run of the API server.`, `
# What would change in the regions of a fleet
kubectl coder-satellite plan -f fleet.yaml

# One region, by its kubeconfig context
kubectl coder-satellite plan --context sydney --access-url https://coder-sydney.example.com

# Keep the plan, to carry out exactly this one later
kubectl coder-satellite plan -f fleet.yaml -o json > plan.json`)
	var o planOptions
	check := o.addTo(env, cmd, needs{regions: true, accessURL: true, chart: true, plans: true, exits: fmt.Sprint(exitChangesPending, exitPartlyFailed)})
	checkReports := o.reports.addTo(cmd)
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 if there is something to change")
	wholeRegionsFlag(cmd, &o.wholeRegions)
	gitopsFlag(cmd, &o.suspend)
	cmd.Flags().BoolVar(&o.diff, "diff", true, "show how the satellite's manifest would change")
	return verb(cmd, run, &o, func() error { return errors.Join(check(), checkReports()) })
}

func runPlan(ctx context.Context, o planOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	operation := migration.Migrate(o.wholeRegions, o.suspend)
	plan, err := o.rollout(c, operation, migration.Options{}, nil).Plan(ctx, o.diff)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	o.reports.tell(o.env, &bytes.Buffer{}, plan)
	if err := o.print(plan); err != nil {
		return err
	}
	if plan.Outcome == v1alpha1.OutcomeChangesPending && o.detailed {
		return &exitError{code: exitChangesPending}
	}
	return ended(plan.Outcome)
}
