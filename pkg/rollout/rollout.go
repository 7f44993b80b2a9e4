// Package rollout plans an operation for the regions of a fleet and runs it: which region may start when, how many at
// once, and when to stop. pkg/migration does the work in one region.
package rollout

import (
	"cmp"
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Rollout runs one operation on the regions of a fleet.
type Rollout struct {
	Rules
	Survey          *snapshot.Survey // the regions, in the fleet's order
	Operation       migration.Operation
	Options         migration.Options
	Clock           clock.WithTicker
	Report          func(v1alpha1.Progress) // receives progress, from several regions at once
	SkipUnreachable bool                    // leave out every region with a cluster that does not answer
	Home            Store                   // keeps the state of the rollout; nil for none
	Events          func() []byte           // the events so far, for a gate's command
	// Status is what `status` says of some regions of the waves, freshly read.
	Status func(context.Context, []fleet.Region) (*v1alpha1.StatusReport, error)
}

// Plan plans all regions in parallel and writes nothing. With diff, the plan also shows changes of manifests.
// The error is the cause of ctx's end.
func (r *Rollout) Plan(ctx context.Context, diff bool) (*v1alpha1.Plan, error) {
	views, err := r.Survey.Collect(ctx, 0, r.Operation.Items...)
	if err != nil {
		return nil, err
	}
	plans := make([]v1alpha1.RegionPlan, len(views))
	err = r.Survey.Each(ctx, 0, func(ctx context.Context, i int, region *snapshot.Region) {
		if err := snapshot.NoAnswer(views[i], r.Operation.ChangesSatellites()); r.SkipUnreachable && err != nil {
			plans[i] = migration.LeaveOut(r.Operation, views[i], err)
			return
		}
		plans[i] = r.Operation.Plan(ctx, region, views[i], diff)
	})
	if err != nil {
		return nil, err
	}
	return newPlan(r.Survey.Primary(ctx).Document(), planned(r.Waves, plans), plans), nil
}

// anotherFailed is why a region that passed its own preflight is not started.
const anotherFailed = "not started, because another region failed its preflight; leave that one out with --exclude, or with --skip-unreachable if its cluster does not answer"

// Run executes the plan in the name of its operator. A failed region does not stop others that are in progress; from
// MaxFailures on, it keeps further ones from starting.
func (r *Rollout) Run(ctx context.Context, plan *v1alpha1.Plan) []v1alpha1.RegionReport {
	plans := make(map[string]v1alpha1.RegionPlan, len(plan.Regions))
	for _, region := range plan.Regions {
		plans[region.Name] = region
	}
	var names []string // in the fleet's order
	runners := map[string]*migration.Runner{}
	for _, region := range r.Survey.Regions() {
		name := region.Region.Name
		names = append(names, name)
		runners[name] = r.runner(region, plan.Primary.Operator)
	}
	if plan.Outcome == v1alpha1.OutcomePreflightFailed { // nothing begins anywhere: the operator decides about the others
		reports := make([]v1alpha1.RegionReport, len(names))
		for i, name := range names {
			reports[i] = runners[name].NotStarted(plans[name], anotherFailed)
		}
		return reports
	}
	leftOut := func(name string) bool { return plans[name].Outcome == v1alpha1.OutcomeUnreachable }
	rules := r.without(leftOut)
	l := loop{
		Rollout: r, rules: rules, store: cmp.Or[Store](r.Home, &memory{state: State{}}), began: r.Clock.Now(),
		regions: map[string]progress{}, reports: map[string]v1alpha1.RegionReport{}, said: map[string]string{},
	}
	tell := func(region string, state v1alpha1.StepState, message string) {
		r.Report(v1alpha1.Progress{
			Time: metav1.NewTime(r.Clock.Now()), Region: region, State: state, Message: message, Wave: rules.waveOf(region) + 1, Waves: len(rules.Waves),
		})
	}
	for _, name := range names { // what needs nothing, or is left out, waits for nothing
		if l.regions[name] = waiting; leftOut(name) || plans[name].Outcome == v1alpha1.OutcomeNothingToDo {
			l.regions[name], l.reports[name] = done, runners[name].Run(ctx, plans[name])
			if !leftOut(name) {
				tell(name, v1alpha1.StepAlready, "")
			}
		}
	}
	l.run(ctx, func(ctx context.Context, name string) v1alpha1.RegionReport {
		tell(name, v1alpha1.StepRunning, "")
		report := runners[name].Run(ctx, plans[name])
		ended := map[v1alpha1.Outcome]v1alpha1.StepState{v1alpha1.OutcomeSucceeded: v1alpha1.StepDone, v1alpha1.OutcomeNothingToDo: v1alpha1.StepAlready}
		tell(name, cmp.Or(ended[report.Outcome], v1alpha1.StepFailed), report.Error)
		return report
	})
	reports := make([]v1alpha1.RegionReport, len(names))
	for i, name := range names {
		report, ran := l.reports[name]
		if !ran {
			why, outcome := l.why(ctx)
			report = runners[name].NotStarted(plans[name], why)
			report.Outcome = cmp.Or(outcome, report.Outcome)
		}
		reports[i] = report
	}
	return reports
}

func (r *Rollout) runner(region *snapshot.Region, operator string) *migration.Runner {
	return &migration.Runner{
		Operation: r.Operation, Region: region, Operator: operator, Options: r.Options, Clock: r.Clock, Report: r.Report,
	}
}
