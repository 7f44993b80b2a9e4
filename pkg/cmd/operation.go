package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

// change is what a verb does to regions.
type change struct {
	operation migration.Operation
	// imperative asks the operator for it; the number of regions follows.
	imperative string
	// planned is the plan that the regions must still match; nil if there is none.
	planned *v1alpha1.Plan
	// maxAffected is how many workspaces that are on the switches may concern; nil for any number.
	maxAffected *int
}

// operationOptions is the complete value that a verb that changes regions runs by.
type operationOptions struct {
	documentOptions
	change
	yes bool
	// events is the file that keeps the events; empty for none.
	events string
	run    migration.Options
}

// operationVerb completes the command of a verb that changes regions, by the
// flags that all of these have in common. change returns what the verb's own flags
// say; it is given the reason, if the verb takes one.
func operationVerb(
	env Environment, cmd *cobra.Command, needs needs, run func(context.Context, operationOptions) error,
	change func(reason string) (change, error),
) *cobra.Command {
	needs.changes = true
	document := documentFlags(env, cmd, needs)
	f, flags := cmd.Flags(), migration.Options{}
	yes := f.BoolP("yes", "y", false, "do not ask before acting; the contexts must then be named")
	events := f.String("events", "", "append every progress event to this file, one JSON object a line; a new file is readable by you alone")
	f.DurationVar(&flags.Timeout, "timeout", time.Hour, "time for one region; 0 for no limit")
	f.DurationVar(&flags.StepTimeout, "step-timeout", 15*time.Minute, "time for one step; 0 for no limit")
	f.DurationVar(&flags.LockDuration, "lock-duration", lock.DefaultDuration, "time after which the lock of a run that died is free")
	f.BoolVar(&flags.NoRollback, "no-rollback", false, "after a failure undo nothing, not even the switch")
	f.StringVar(&flags.EvidenceDir, "evidence-dir", evidenceDir(), "folder where evidence of failures is kept")
	if needs.measures {
		f.BoolVar(&flags.Measure, "measure", true, "ask meanwhile what users' clients ask, once a second, and report what they felt")
		f.DurationVar(&flags.MaxGap, "max-gap", 0, "fail a region whose users had no answer for longer; 0 for any time. Nothing is undone for that")
	}
	if needs.reason {
		f.StringVar(&flags.Reason, "reason", "", "why; it is kept with what is done")
	}
	return verb(cmd, run, func() (operationOptions, error) {
		document, err := document()
		if err != nil {
			return operationOptions{}, err
		}
		err = errors.Join(notNegative("--timeout", flags.Timeout), notNegative("--step-timeout", flags.StepTimeout),
			positive("--lock-duration", flags.LockDuration), notNegative("--max-gap", flags.MaxGap))
		if flags.MaxGap > 0 && !flags.Measure {
			err = errors.Join(err, usagef("--max-gap needs what --measure=false turns off"))
		}
		if err != nil {
			return operationOptions{}, err
		}
		wanted, err := change(flags.Reason)
		return operationOptions{documentOptions: document, change: wanted, yes: *yes, events: *events, run: flags}, err
	})
}

func wholeRegionsFlag(cmd *cobra.Command) *bool {
	return cmd.Flags().Bool("whole-regions", false, "leave a region alone if one of its providers cannot be migrated now")
}

// maxAffectedFlag limits whom the switches of a verb may concern. What it returns
// gives the limit; nil if there is none.
func maxAffectedFlag(cmd *cobra.Command) func() (*int, error) {
	limit := cmd.Flags().Int("max-affected", 0, "refuse if the switches concern more workspaces that are on; all regions together")
	return func() (*int, error) {
		switch {
		case !cmd.Flags().Changed("max-affected"):
			return nil, nil
		case *limit < 0:
			return nil, usagef("--max-affected is %d: it must be 0 or more", *limit)
		default:
			return limit, nil
		}
	}
}

// notNegative refuses a time that cannot be meant; 0 stands for no limit.
func notNegative(flag string, limit time.Duration) error {
	if limit < 0 {
		return usagef("%s is %s: it must be 0, for no limit, or more", flag, limit)
	}
	return nil
}

// needReason refuses to override a refusal by --force without a reason.
func needReason(force bool, reason string) error {
	if force && reason == "" {
		return usagef("--force needs a reason: give one with --reason")
	}
	return nil
}

// rollout returns the operation on the connection's regions.
func (t *targets) rollout(
	c *connection, operation migration.Operation, options migration.Options, report func(v1alpha1.Progress),
) *rollout.Rollout {
	options.RunID = uuid.NewString()[:8]
	options.Host, _ = os.Hostname() // a lock without a host's name is still one
	return &rollout.Rollout{
		Rules:  rollout.Rules{Waves: c.fleet.Waves, MaxParallel: c.fleet.MaxParallel, MaxFailures: c.fleet.MaxFailures},
		Survey: c.survey, Operation: operation, Options: options, Clock: t.env.Clock, Report: report,
		SkipUnreachable: t.skipUnreachable,
	}
}

// runOperation plans the operation, shows the plan, asks, carries it out and
// prints the report. It is the one call of every verb that changes regions.
func runOperation(ctx context.Context, o operationOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	progress := newProgress(o.env, len(c.survey.Regions()), false)
	defer progress.Close()
	c.warnings.through(progress)
	report, end, err := keepEvents(o.env, o.events, progress.Report)
	if err != nil {
		return err
	}
	defer end()
	regions := o.rollout(c, o.operation, o.run, report)
	started := metav1.NewTime(o.env.Clock.Now())
	plan, err := regions.Plan(ctx, false)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	if err := o.agree(ctx, plan, c.current); err != nil {
		return err
	}
	reports := regions.Run(ctx, plan)
	progress.Close()
	document := &v1alpha1.MigrationReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindMigrationReport},
		Operation: o.operation.Name,
		Primary:   plan.Primary,
		Outcome:   rollout.Outcome(reports),
		Started:   started,
		Finished:  metav1.NewTime(o.env.Clock.Now()),
		Regions:   reports,
	}
	document.ExitCode = exitFor(document.Outcome)
	return o.end(document, document.Outcome)
}

// agree makes sure that the plan is what the operator wants: that it matches the
// one given with --plan and, if it changes anything, that the operator confirms it.
func (o *operationOptions) agree(ctx context.Context, plan *v1alpha1.Plan, current string) error {
	if err := mustMatch(o.planned, plan); err != nil {
		return err
	}
	changing := 0
	for _, region := range plan.Regions {
		if region.Outcome == v1alpha1.OutcomeChangesPending {
			changing++
		}
	}
	if changing == 0 || plan.Outcome == v1alpha1.OutcomePreflightFailed {
		return nil
	}
	if err := printPlan(o.env, plan, o.format); err != nil {
		return err
	}
	if o.maxAffected != nil {
		if err := migration.MayAffect(plan, *o.maxAffected); err != nil {
			return &exitError{exitPreflightFailed, err}
		}
	}
	text := fmt.Sprintf("%s %d regions?", o.imperative, changing)
	if changing == 1 {
		text = o.imperative + " 1 region?"
	}
	return mayAct(ctx, o.env, question{text: text, yes: o.yes, current: current})
}
