package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
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
		var bad error
		if *since != "" {
			o.since, bad = time.Parse(time.RFC3339, *since)
		}
		return errors.Join(check(), positive("--timeout", o.timeout),
			refuse(bad != nil, "--since is %q: it must be a time like 2006-01-02T15:04:05Z", *since))
	}
}

func (o *workspacesOptions) look(ctx context.Context, c *connection) (*workspaces.Fleet, error) {
	found, err := workspaces.Collect(ctx, c.survey, o.timeout, o.since)
	return found, cmp.Or(interrupted(ctx), err)
}

func runWorkspaces(ctx context.Context, o workspacesOptions, c *connection) error {
	found, err := o.look(ctx, c)
	if err != nil {
		return err
	}
	report := found.List()
	report.Outcome = inTime(c.survey, report.Outcome)
	return o.end(report, report.Outcome)
}

type rebuildOptions struct {
	workspacesOptions
	rebuild workspaces.Rebuild
	exclude []string
	yes     bool
	dryRun  bool
}

func newRebuild(env Environment, run func(context.Context, rebuildOptions) error) *cobra.Command {
	cmd := documented("rebuild")
	var o rebuildOptions
	f, r, check := cmd.Flags(), &o.rebuild, o.addTo(env, cmd)
	f.DurationVar(&r.IdleFor, "idle-for", 2*time.Hour, "how long nobody must have been connected to a running workspace")
	f.BoolVar(&r.IncludeActive, "include-active", false, "also rebuild workspaces in use; needs --reason")
	f.StringVar(&r.Reason, "reason", "", "why workspaces in use are rebuilt; it is recorded in the report")
	f.StringArrayVar(&o.exclude, "exclude-owner", nil, "leave this user's workspaces alone: e-mail address or user name (repeatable)")
	f.IntVar(&r.MaxParallel, "max-parallel", 4, "workspaces to build at once")
	f.IntVar(&r.MaxFailures, "max-failures", 0, "how many builds may fail before no more are started")
	until := f.String("until", "", "start no builds after this time: 06:00, or 2006-01-02T15:04:05Z")
	f.DurationVar(&r.BuildTimeout, "build-timeout", 15*time.Minute, "time for one build")
	f.BoolVar(&r.Cordon, "cordon", false, "keep new workspaces off each provider meanwhile; the cordon is lifted at the end, whoever set it")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask before acting; the contexts must then be named")
	addDryRun(f, &o.dryRun)
	return verb(cmd, run, &o, func() (err error) {
		r.Clock = env.Clock
		r.Until, err = parseUntil(*until, env.Clock.Now())
		return errors.Join(check(), positive("--build-timeout", r.BuildTimeout), notNegative("--idle-for", r.IdleFor), err,
			refuse(r.MaxParallel < 1 || r.MaxFailures < 0, "--max-parallel is %d and --max-failures %d: they must be 1 or more, and 0 or more",
				r.MaxParallel, r.MaxFailures),
			refuse(r.IncludeActive && r.Reason == "", "--include-active needs a reason: give one with --reason"))
	})
}

// parseUntil reads a full time, or the next time of the day after now in its time zone; empty is the zero time.
func parseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	clock, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{}, usagef("--until is %q: it must be a time of the day like 06:00, or a time like 2006-01-02T15:04:05Z", text)
	}
	at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !at.After(now) {
		at = time.Date(now.Year(), now.Month(), now.Day()+1, clock.Hour(), clock.Minute(), 0, 0, now.Location())
	}
	return at, nil
}

func runRebuild(ctx context.Context, o rebuildOptions, c *connection) error {
	found, err := o.look(ctx, c)
	if err != nil {
		return err
	}
	r, operators := o.rebuild, o.env.Clock.Now()
	now, err := found.Now(ctx)
	if err != nil {
		return err
	}
	r.Ahead = now.Sub(operators)
	if r.ExcludeOwners, err = found.UserIDs(o.exclude); err != nil {
		return usage(err)
	}
	plan := r.Plan(found, now)
	if o.dryRun || plan.Outcome != v1alpha1.OutcomeChangesPending && !r.Cordon {
		return o.end(plan, plan.Outcome)
	}
	if err := printPlan(o.env, plan, o.format); err != nil {
		return err
	}
	if err := mayAct(ctx, o.env, rebuildQuestion(plan), o.yes, c.current); err != nil {
		return err
	}
	defer c.progress.Close()
	r.Report = c.report
	report := r.Run(ctx, found, now)
	c.progress.Close()
	printErr := o.print(report)
	return cmp.Or(ended(report.Outcome), printErr)
}

func rebuildQuestion(plan *v1alpha1.WorkspaceReport) string {
	builds, on := 0, 0
	for _, w := range plan.Workspaces {
		if w.Rebuild == v1alpha1.RebuildPlanned {
			builds++
			if w.Container != "OFF" {
				on++
			}
		}
	}
	if builds == 0 {
		return "Lift the cordons of an earlier run?"
	}
	return fmt.Sprintf("Everything outside their home directories is lost. Rebuild %d workspaces, %d of them not off?", builds, on)
}
