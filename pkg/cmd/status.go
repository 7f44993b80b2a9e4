package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
)

type statusOptions struct {
	documentOptions
	watch   bool               // repeat the checks until interrupted
	every   time.Duration      // between checks
	timeout time.Duration      // for one reading of a region, from when its turn comes
	expect  health.Expectation // of a region that no migration has reached
}

func newStatus(env Environment, run func(context.Context, statusOptions) error) *cobra.Command {
	cmd := documented("status")
	var o statusOptions
	f, check := cmd.Flags(), o.addTo(env, cmd, needs{regions: true, reports: true, exits: fmt.Sprint(exitTimedOut)})
	f.BoolVarP(&o.watch, "watch", "w", false, "repeat the checks until interrupted")
	f.DurationVar(&o.every, "interval", 10*time.Second, "time between checks with --watch")
	f.DurationVar(&o.timeout, "timeout", 30*time.Second, "time to read a region; what is not read by then is unknown")
	f.StringVar((*string)(&o.expect), "expect", string(health.ExpectMigrated), `"planned" if regions that were not migrated yet do not count as failed`)
	return verb(cmd, run, &o, func() error {
		unexpected := o.expect != health.ExpectMigrated && o.expect != health.ExpectPlanned
		return errors.Join(check(), positive("--timeout", o.timeout), positive("--interval", o.every),
			refuse(unexpected, "--expect is %q: it must be migrated or planned", o.expect))
	})
}

func runStatus(ctx context.Context, o statusOptions, c *connection) error {
	for {
		look := c.survey.Anew()
		found, err := health.ReadStatus(ctx, look, o.timeout, o.expect, o.env.Clock.Now())
		if err := cmp.Or(interrupted(ctx), err); err != nil {
			return err
		}
		found.Outcome = inTime(look, found.Outcome)
		o.writeReports(nil, found)
		if !o.watch {
			return o.end(found, found.Outcome)
		}
		if o.env.redraws(o.env.Out) && (o.format == "" || o.format == "wide") {
			_, _ = io.WriteString(o.env.Out, "\x1b[H\x1b[2J") // the next look takes the place of the last
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
