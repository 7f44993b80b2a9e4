package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Runner runs one operation on one region.
type Runner struct {
	Operation Operation
	Source    *snapshot.Source
	// Operator is who runs it, for the journal and the lock: an e-mail address.
	Operator string
	Options  Options
	Clock    clock.WithTicker
	// Report receives progress; it must be safe for use by several regions at once.
	Report func(v1alpha1.Progress)
}

// Plan says what the operation would do, given its items in s. If there is
// something to change, it also asks which rights are missing, and renders the
// satellite's chart; with diff the plan shows what would change of its manifest.
func (o Operation) Plan(ctx context.Context, source *snapshot.Source, s *snapshot.Snapshot, diff bool) v1alpha1.RegionPlan {
	plan := NewRegionPlan(o, s)
	if plan.Outcome == v1alpha1.OutcomeNothingToDo {
		return plan
	}
	source.Refresh(ctx, s, snapshot.ItemResources)
	source.AskRights(ctx, s, o.needed(source, s))
	if plan.Outcome != v1alpha1.OutcomePreflightFailed {
		source.Refresh(ctx, s, previews(o.Steps, s)...)
	}
	plan = NewRegionPlan(o, s)
	if diff && plan.Outcome != v1alpha1.OutcomePreflightFailed {
		show(o.Steps, s, plan.Steps)
	}
	return plan
}

// needed returns the rights in the region's cluster that the operation needs.
func (o Operation) needed(source *snapshot.Source, s *snapshot.Snapshot) []cluster.Rule {
	if source.Access == nil {
		return nil // there is nobody to ask
	}
	return o.Rights(s.Scope(source.Access.Driver()))
}

// Run carries out what the plan says, and reports what was done. The context's cause tells why it was ended:
// ErrInterrupted leaves the region for the next run to go on.
func (r *Runner) Run(ctx context.Context, plan v1alpha1.RegionPlan) v1alpha1.RegionReport {
	report := newReport(plan)
	if plan.Outcome == v1alpha1.OutcomeNothingToDo {
		report.Outcome = plan.Outcome
		for _, step := range plan.Steps {
			report.Steps = append(report.Steps, v1alpha1.StepResult{Name: step.Name, State: v1alpha1.StepAlready, Message: step.Reason})
		}
		return report
	}
	ctx, cancel := withTimeout(ctx, "the region", r.Options.Timeout, "--timeout")
	defer cancel()
	err := r.locked(ctx, plan, &report)
	report.Outcome = outcomeOf(err)
	if err != nil {
		report.Error = err.Error()
		if changed := new(changedError); errors.As(err, &changed) {
			report.Outcome = v1alpha1.OutcomePreflightFailed
		}
	}
	report.Next = next(r.Operation, r.Source.Region, report)
	if isStillOn(err) {
		report.Next = r.Source.Region.Command("rollback")
	}
	return report
}

// NotStarted reports a region that is left alone: because its own plan fails its
// preflight, or else for the given reason.
func (r *Runner) NotStarted(plan v1alpha1.RegionPlan, reason string) v1alpha1.RegionReport {
	report := newReport(plan)
	report.Outcome, report.Error = v1alpha1.OutcomeNotStarted, reason
	if plan.Outcome == v1alpha1.OutcomePreflightFailed {
		report.Outcome, report.Error = plan.Outcome, "preflight failed, nothing was changed"
	}
	report.Next = next(r.Operation, r.Source.Region, report)
	return report
}

// newReport returns the report of a region of which nothing is known but its plan.
func newReport(plan v1alpha1.RegionPlan) v1alpha1.RegionReport {
	return v1alpha1.RegionReport{
		Name:      plan.Name,
		Context:   plan.Context,
		Provider:  plan.Provider,
		Preflight: plan.Preflight,
		Steps:     []v1alpha1.StepResult{},
	}
}

// locked takes the region's lock, makes sure that the plan still holds, and
// runs the steps.
func (r *Runner) locked(ctx context.Context, plan v1alpha1.RegionPlan, report *v1alpha1.RegionReport) (err error) {
	namespace := r.Source.Region.Namespace
	client := r.Source.Access.Clientset()
	if err := journal.EnsureNamespace(ctx, client, namespace); err != nil {
		return fmt.Errorf("the satellite's namespace: %w", err)
	}
	held, err := lock.Acquire(ctx, client, lock.Options{
		Namespace: namespace,
		Holder:    fmt.Sprintf("%s@%s/%s", r.Operator, r.Options.Host, r.Options.RunID),
		Operation: r.Operation.Name,
		Duration:  r.Options.LockDuration,
		Clock:     r.Clock,
	})
	if err != nil {
		return because(ctx, err)
	}
	defer func() {
		free, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
		defer cancel()
		if releaseErr := held.Release(free); releaseErr != nil && err == nil {
			report.Left = append(report.Left, fmt.Sprintf("the lock could not be released; it expires by itself: %v", releaseErr))
		}
	}()

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() { // ends with ctx, at the latest when this function returns
		select {
		case <-held.Lost():
			stop(held.Err())
		case <-ctx.Done():
		}
	}()

	source, err := r.Source.Wrapped(held.Fence)
	if err != nil {
		return err
	}
	fresh := source.Collect(ctx, snapshot.ItemProvider)
	source.Refresh(ctx, fresh, snapshot.ItemProvider) // what the fleet shares may be older than the lock
	source.Refresh(ctx, fresh, r.otherItems()...)
	source.AskRights(ctx, fresh, r.Operation.needed(source, fresh))
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	again := NewRegionPlan(r.Operation, fresh)
	if again.Outcome == v1alpha1.OutcomePreflightFailed {
		report.Preflight = again.Preflight
		return &changedError{[]string{"a preflight check fails now"}}
	}
	if differences := Differences(plan.Basis, again.Basis); len(differences) > 0 {
		return &changedError{differences}
	}
	return r.steps(ctx, source, fresh, again, held.Check, report)
}

// otherItems are the operation's items without the provider, with those that
// decide which rights are needed.
func (r *Runner) otherItems() []snapshot.Item {
	items := slices.Concat(r.Operation.Items, []snapshot.Item{snapshot.ItemResources})
	return slices.DeleteFunc(items, func(item snapshot.Item) bool { return item == snapshot.ItemProvider })
}

// changedError means that the region is no longer as planned.
type changedError struct{ differences []string }

func (e *changedError) Error() string {
	return fmt.Sprintf("the region changed since it was planned, nothing was changed: %v; plan again", e.differences)
}
