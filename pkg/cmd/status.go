package cmd

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

type statusOptions struct {
	documentOptions
	// watch repeats the checks, with every between them, until interrupted.
	watch   bool
	every   time.Duration
	reports reportFiles
	// timeout bounds one look at a region, from when its turn comes.
	timeout time.Duration
	// expect is what a region is taken for that no migration has reached.
	expect health.Expectation
}

func newStatus(env Environment, run func(context.Context, statusOptions) error) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Check every region",
		Long: `Check every region: its cluster, its legacy release, its satellite, the registration
at the primary, what answers at its access URL, and its canary. Nothing is written.
An answer that could not be found out is shown as unknown, and is never taken for a
good one. The exit code is 0 when no check failed. Of a region that was not migrated yet
some fail; with --expect planned they are skipped as long as its legacy path works, and
a region that is half migrated, or broken, still fails.`,
		Example: examples(`
# All regions of a fleet
kubectl coder-satellite status -f fleet.yaml

# Every check of one region, passed or not
kubectl coder-satellite status -f fleet.yaml --region sydney -o wide

# While a rollout is under way: regions whose turn has not come are no failure
kubectl coder-satellite status -f fleet.yaml --expect planned

# The checks that failed, for a script
kubectl coder-satellite status -f fleet.yaml -o jsonpath='{.regions[*].checks[?(@.state=="Fail")].id}'`),
	}
	var o statusOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true})
	checkReports := o.reports.addTo(cmd)
	f.BoolVarP(&o.watch, "watch", "w", false, "check again and again, until interrupted")
	f.DurationVar(&o.every, "interval", 10*time.Second, "time between checks with --watch")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "time for the facts of a region; what is not known by then is unknown")
	f.StringVar((*string)(&o.expect), "expect", string(health.ExpectMigrated), `"planned" if regions that were not migrated yet are no failure`)
	return verb(cmd, run, &o, func() error {
		err := errors.Join(check(), positive("--timeout", o.timeout), positive("--interval", o.every), checkReports())
		if o.expect != health.ExpectMigrated && o.expect != health.ExpectPlanned {
			err = errors.Join(err, usagef("--expect is %q: it must be migrated or planned", o.expect))
		}
		return err
	})
}

// runStatus prints the checks, once or again and again.
func runStatus(ctx context.Context, o statusOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	for {
		look := c.survey.Anew()
		regions, err := look.Collect(ctx, o.timeout, snapshot.CheckItems()...)
		primary := look.Primary(ctx).Document()
		if err := cmp.Or(interrupted(ctx), err); err != nil {
			return err
		}
		found := health.NewStatusReport(primary, regions, o.expect, o.env.Clock.Now())
		o.reports.tell(o.env, &bytes.Buffer{}, found)
		if !o.watch {
			return o.end(found, found.Outcome)
		}
		if err := o.print(found); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return &exitError{code: exitInterrupted}
		case <-o.env.Clock.After(o.every):
		}
	}
}
