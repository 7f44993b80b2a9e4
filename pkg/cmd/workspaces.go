package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

type workspacesOptions struct {
	documentOptions
	since   time.Time     // when Networking v2 was switched if no journal says so; zero if unknown
	timeout time.Duration // for the reading of a region, from when its turn comes
}

func newWorkspaces(env Environment, run func(context.Context, workspacesOptions) error, rebuild func(context.Context, rebuildOptions) error) *cobra.Command {
	cmd := documented("workspaces")
	cmd.AddCommand(newRebuild(env, rebuild))
	var o workspacesOptions
	return verb(cmd, run, &o, o.addTo(env, cmd))
}

// addTo defines the flags that the verb and its subcommand share.
func (o *workspacesOptions) addTo(env Environment, cmd *cobra.Command) func() error {
	check := o.documentOptions.addTo(env, cmd, needs{regions: true, workspaces: true, exits: fmt.Sprint(exitPartlyFailed, exitTimedOut)})
	since := cmd.Flags().String("since", "", "when Networking v2 was switched, as 2006-01-02T15:04:05Z, for providers whose journal does not say")
	cmd.Flags().DurationVar(&o.timeout, "timeout", 30*time.Second, "time to read a region; what is not read by then is unknown")
	return func() error {
		err := errors.Join(check(), positive("--timeout", o.timeout))
		if *since != "" {
			var bad error
			if o.since, bad = time.Parse(time.RFC3339, *since); bad != nil {
				err = errors.Join(err, usagef("--since is %q: it must be a time like 2006-01-02T15:04:05Z", *since))
			}
		}
		return err
	}
}

func (o *workspacesOptions) look(ctx context.Context) (*connection, *workspaces.Fleet, error) {
	c, err := o.connect()
	if err != nil {
		return nil, nil, err
	}
	found, err := workspaces.Collect(ctx, c.survey, o.timeout, o.since)
	return c, found, cmp.Or(interrupted(ctx), err)
}

func runWorkspaces(ctx context.Context, o workspacesOptions) error {
	c, found, err := o.look(ctx)
	if err != nil {
		return err
	}
	report := found.List()
	report.Outcome = inTime(c.survey, report.Outcome)
	return o.end(report, report.Outcome)
}
