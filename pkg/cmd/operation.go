package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

type operationOptions struct {
	documentOptions
	operation   migration.Operation
	imperative  string         // begins the question to the operator; the number of regions follows
	planned     *v1alpha1.Plan // the plan that the regions must still match; nil for none
	maxAffected *int           // running workspaces that the switches may affect; nil for any number
	yes, dryRun bool
	events      string // the file that keeps the events; empty for none
	run         migration.Options
}

// operationVerb adds the flags that all operations have. complete reads the verb's own.
func operationVerb(
	env Environment, cmd *cobra.Command, needs needs, run func(context.Context, operationOptions) error, complete func(*operationOptions) error,
) *cobra.Command {
	needs.changes, needs.reports, needs.exits = true, true, fmt.Sprint(exitPartlyFailed, exitLockHeld, exitTimedOut)
	var o operationOptions
	f, check, affected := cmd.Flags(), o.addTo(env, cmd, needs), 0
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask before acting; the contexts must then be named")
	addDryRun(f, &o.dryRun)
	f.StringVar(&o.events, "events", "", "append every progress event to this file, one JSON object a line; a new file is readable only by you")
	f.DurationVar(&o.run.Timeout, "timeout", time.Hour, "time for one region; 0 for no limit")
	f.DurationVar(&o.run.StepTimeout, "step-timeout", 15*time.Minute, "time for one step; 0 for no limit")
	f.DurationVar(&o.run.LockDuration, "lock-duration", lock.DefaultDuration, "how long a dead run's lock blocks other runs")
	f.BoolVar(&o.run.NoRollback, "no-rollback", false, "undo nothing after a failure, not even the switch")
	f.StringVar(&o.run.EvidenceDir, "evidence-dir", "", "folder for evidence of failures (default: coder-satellite/evidence in your cache folder)")
	if needs.measures {
		f.BoolVar(&o.run.Measure, "measure", true, "meanwhile ask once a second what users' clients ask, and report what users noticed")
		f.DurationVar(&o.run.MaxGap, "max-gap", 0, "fail a region whose users got no answer for longer than this, without undoing anything; 0 for no limit")
	}
	if needs.reason {
		f.StringVar(&o.run.Reason, "reason", "", "why; it is recorded with the run")
	}
	if needs.switches {
		f.IntVar(&affected, "max-affected", 0, "refuse if the switches affect more running workspaces than this, in all regions together")
	}
	return verb(cmd, run, &o, func() error {
		if err := check(); err != nil {
			return err
		}
		force, _ := f.GetBool("force") // it overrides a refusal
		if err := errors.Join(notNegative("--timeout", o.run.Timeout), notNegative("--step-timeout", o.run.StepTimeout),
			positive("--lock-duration", o.run.LockDuration), notNegative("--max-gap", o.run.MaxGap),
			refuse(o.run.MaxGap > 0 && !o.run.Measure, "--max-gap needs the measurements that --measure=false turns off"),
			refuse(force && o.run.Reason == "", "--force needs a reason: give one with --reason"),
			refuse(affected < 0, "--max-affected is %d: it must be 0 or more", affected)); err != nil {
			return err
		}
		if !f.Changed("evidence-dir") {
			o.run.EvidenceDir = evidenceDir()
		}
		if f.Changed("max-affected") {
			o.maxAffected = &affected
		}
		return complete(&o)
	})
}

func wholeRegionsFlag(cmd *cobra.Command, whole *bool) {
	cmd.Flags().BoolVar(whole, "whole-regions", false, "leave a region alone if one of its providers cannot be migrated now")
}

// gitopsFlag adds --gitops, a choice of policies; the first is the default.
func gitopsFlag(cmd *cobra.Command, usage string, policies ...string) *migration.Policy {
	chosen := migration.Policy(policies[0])
	cmd.Flags().Func("gitops", usage, func(value string) error {
		if chosen = migration.Policy(value); !slices.Contains(policies, value) {
			return fmt.Errorf("it must be one of %s", strings.Join(policies, ", "))
		}
		return nil
	})
	_ = cmd.RegisterFlagCompletionFunc("gitops", words(policies...))
	return &chosen
}

// retainingFlag adds --gitops to a verb that retains legacy releases.
func retainingFlag(cmd *cobra.Command) *migration.Policy {
	usage := "`POLICY` for a legacy release that Flux owns: \"suspend\" its HelmRelease, \"wait\" until it is suspended in Git, or \"refuse\" the region (default)"
	return gitopsFlag(cmd, usage, "refuse", "suspend", "wait")
}

func (t *targets) rollout(
	c *connection, operation migration.Operation, options migration.Options, report func(v1alpha1.Progress),
) (*rollout.Rollout, error) {
	_, err := t.home(c)
	if err := cmp.Or(err, usage(rollout.CheckGates(c.fleet.Waves))); err != nil {
		return nil, err
	}
	options.RunID = uuid.NewString()[:8]
	options.Host, _ = os.Hostname() // a lock without a host's name is still one
	return &rollout.Rollout{
		Rules:  rollout.Rules{Waves: c.fleet.Waves, MaxFailures: c.fleet.MaxFailures},
		Survey: c.survey, Operation: operation, Options: options, Clock: t.env.Clock, Report: report,
		SkipUnreachable: t.skipUnreachable,
		Status: func(ctx context.Context, regions []fleet.Region) (*v1alpha1.StatusReport, error) {
			survey, err := t.surveyOf(c, regions)
			if err != nil {
				return nil, err
			}
			return health.ReadStatus(ctx, survey, 30*time.Second, health.ExpectMigrated, t.env.Clock.Now())
		},
	}, nil
}

// runOperation plans, shows the plan, asks, acts and prints the report. Every verb that changes regions calls it.
func runOperation(ctx context.Context, o operationOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	defer c.progress.Close()
	kept, show := record(c.report)
	report, end, err := keepEvents(o.env, o.events, show)
	if err != nil {
		return err
	}
	defer end()
	regions, err := o.rollout(c, o.operation, o.run, report)
	if err != nil {
		return err
	}
	regions.Events = kept
	plan, err := regions.Plan(ctx, o.dryRun || len(o.reports) > 0) // a report shows how manifests change
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	if !o.dryRun {
		if regions.Home, err = o.store(ctx, c); err != nil { // before anybody is asked
			return err
		}
	}
	if err := o.agree(ctx, plan, c.current); err != nil {
		return err
	}
	if o.dryRun {
		o.writeReports(kept(), plan)
		return o.end(plan, plan.Outcome)
	}
	started := metav1.NewTime(o.env.Clock.Now()) // the time at the prompt is no time of the run
	reports := regions.Run(ctx, plan)
	c.progress.Close()
	document := &v1alpha1.MigrationReport{
		Operation: o.operation.Name,
		Primary:   plan.Primary,
		Outcome:   rollout.Outcome(reports),
		Started:   started,
		Finished:  metav1.NewTime(o.env.Clock.Now()),
		Regions:   reports,
	}
	document.ExitCode = exitFor(document.Outcome)
	o.writeReports(kept(), plan, document)
	return o.end(document, document.Outcome)
}

// agree checks the plan against --plan and --max-affected, and has the operator confirm the changes.
func (o *operationOptions) agree(ctx context.Context, plan *v1alpha1.Plan, current string) error {
	if o.planned != nil {
		if err := migration.SamePlan(o.planned, plan); err != nil {
			return &exitError{exitPreflightFailed, fmt.Errorf("nothing was changed: %w\nplan again with `kubectl coder-satellite plan`", err)}
		}
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
	if !o.dryRun { // which prints it as its document
		if err := printPlan(o.env, plan, o.format); err != nil {
			return err
		}
	}
	if o.maxAffected != nil {
		if err := migration.MayAffect(plan, *o.maxAffected); err != nil {
			return &exitError{exitPreflightFailed, err}
		}
	}
	if o.dryRun {
		return nil
	}
	text := fmt.Sprintf("%s %d regions?", o.imperative, changing)
	if changing == 1 {
		text = o.imperative + " 1 region?"
	}
	return mayAct(ctx, o.env, text, o.yes, current)
}
