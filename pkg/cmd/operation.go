package cmd

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/rollout"
)

// operationFlags are the flags that all verbs that change regions have in common.
type operationFlags struct {
	documentFlags
	run runFlags
}

func (f *operationFlags) addTo(cmd *cobra.Command, verb needs) {
	f.documentFlags.addTo(cmd, verb)
	f.targets.addRolloutTo(cmd.Flags())
	f.run.addTo(cmd.Flags())
}

// change is what a verb does to regions.
type change struct {
	operation migration.Operation
	// imperative asks the operator for it; the number of regions follows.
	imperative string
	// planned is the plan that the regions must still match; nil if there is none.
	planned *v1alpha1.Plan
}

// operationOptions is the complete value that a verb that changes regions runs by.
type operationOptions struct {
	documentOptions
	change
	run runFlags
}

// options checks the flags and returns their value, for the change.
func (f *operationFlags) options(env Environment, wanted change) (operationOptions, error) {
	document, err := f.documentFlags.options(env)
	if err != nil {
		return operationOptions{}, err
	}
	return operationOptions{documentOptions: document, change: wanted, run: f.run}, f.run.check()
}

// runOperation plans the operation, shows the plan, asks, carries it out and
// prints the report. It is the one call of every verb that changes regions.
func runOperation(ctx context.Context, o operationOptions) error {
	c, err := o.connect()
	if err != nil {
		return err
	}
	progress := newProgress(o.env, len(c.survey.Regions()))
	defer func() { _ = progress.Close() }()
	c.warnings.through(progress)
	regions := o.run.rollout(c, o.env, o.operation, progress.Report)
	started := metav1.NewTime(o.env.Clock.Now())
	plan, err := regions.Plan(ctx, false)
	if err := cmp.Or(interrupted(ctx), err); err != nil {
		return err
	}
	if err := o.agree(ctx, plan, c.current); err != nil {
		return err
	}
	reports := regions.Run(ctx, plan)
	_ = progress.Close() // nobody may be reading any more; the outcome counts
	report := &v1alpha1.MigrationReport{
		TypeMeta:  metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.KindMigrationReport},
		Operation: o.operation.Name,
		Primary:   plan.Primary,
		Outcome:   rollout.Outcome(reports),
		Started:   started,
		Finished:  metav1.NewTime(o.env.Clock.Now()),
		Regions:   reports,
	}
	report.ExitCode = exitFor(report.Outcome)
	printErr := o.documents.Print(report)
	if err := ended(report.Outcome); err != nil {
		return err
	}
	return printErr
}

// agree makes sure that the plan is what the operator wants: that it matches the
// one given with --plan and, if it changes anything, that the operator confirms it.
func (o *operationOptions) agree(ctx context.Context, plan *v1alpha1.Plan, current string) error {
	if err := mustMatch(o.planned, plan); err != nil {
		return err
	}
	if plan.Outcome != v1alpha1.OutcomeChangesPending {
		return nil
	}
	if err := printPlan(o.env, plan); err != nil {
		return err
	}
	return mayAct(ctx, o.env, question{
		text:    fmt.Sprintf("%s %s?", o.imperative, count(plan)),
		yes:     o.run.yes,
		current: current,
	})
}

// count says how many regions a plan would change, in words.
func count(plan *v1alpha1.Plan) string {
	n := 0
	for _, region := range plan.Regions {
		if region.Outcome == v1alpha1.OutcomeChangesPending {
			n++
		}
	}
	if n == 1 {
		return "1 region"
	}
	return fmt.Sprintf("%d regions", n)
}
