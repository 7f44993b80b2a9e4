package migration

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Rollout runs one operation on the regions of a fleet, wave by wave.
type Rollout struct {
	// Runners are the regions, in the fleet's order.
	Runners []*Runner
	// Waves are region names; a wave starts when the one before it is done.
	Waves [][]string
	// MaxParallel bounds the regions at work at once.
	MaxParallel int
	// MaxFailures is how many regions may fail before no further region starts.
	MaxFailures int
}

// Plan plans all regions in parallel. It writes nothing. With diff, it also
// shows what would change of the satellites' manifests.
func (r *Rollout) Plan(ctx context.Context, diff bool) *v1alpha1.Plan {
	snapshots := make([]*snapshot.Snapshot, len(r.Runners))
	r.each(func(i int, runner *Runner) { snapshots[i] = runner.collect(ctx) })
	snapshot.Compare(snapshots)
	plans := make([]v1alpha1.RegionPlan, len(r.Runners))
	r.each(func(i int, runner *Runner) { plans[i] = runner.plan(ctx, snapshots[i], diff) })
	return NewPlan(primaryOf(snapshots), r.Waves, plans)
}

// readParallel bounds the regions that are read at once: each holds a rendered
// chart and connections of its own.
const readParallel = 32

// each calls do for every runner, in parallel, and waits.
func (r *Rollout) each(do func(i int, runner *Runner)) {
	var group errgroup.Group
	group.SetLimit(readParallel)
	for i, runner := range r.Runners {
		group.Go(func() error {
			do(i, runner)
			return nil
		})
	}
	_ = group.Wait() // the functions return no errors: the snapshots hold them
}

func primaryOf(snapshots []*snapshot.Snapshot) v1alpha1.Primary {
	if len(snapshots) == 0 {
		return v1alpha1.Primary{}
	}
	return snapshots[0].Primary.Document()
}

// Run carries the plan out. One region's failure neither stops nor hides
// another that is at work; it only keeps further ones from starting, as
// MaxFailures says.
func (r *Rollout) Run(ctx context.Context, plan *v1alpha1.Plan) []v1alpha1.RegionReport {
	plans := make(map[string]v1alpha1.RegionPlan, len(plan.Regions))
	for _, region := range plan.Regions {
		plans[region.Name] = region
	}
	names := make([]string, len(r.Runners))
	runners := make(map[string]*Runner, len(r.Runners))
	for i, runner := range r.Runners {
		names[i] = runner.Source.Region.Name
		runners[names[i]] = runner
	}
	run := func(ctx context.Context, name string) v1alpha1.RegionReport {
		return runners[name].Run(ctx, plans[name])
	}
	if plan.Outcome == v1alpha1.OutcomePreflightFailed {
		return r.refuse(names, plans)
	}
	return inWaves(ctx, r, names, run)
}

// refuse reports a plan that fails its preflight in some region: nothing is
// begun anywhere, so that the operator decides about the others.
func (r *Rollout) refuse(names []string, plans map[string]v1alpha1.RegionPlan) []v1alpha1.RegionReport {
	reports := make([]v1alpha1.RegionReport, len(names))
	for i, runner := range r.Runners {
		plan := plans[names[i]]
		report := newReport(plan)
		switch plan.Outcome {
		case v1alpha1.OutcomePreflightFailed:
			report.Outcome = plan.Outcome
			report.Error = "preflight failed, nothing was changed"
		default:
			report.Outcome = v1alpha1.OutcomeNotStarted
			report.Error = "not started, because another region failed its preflight; select regions with --region to go on without it"
		}
		report.Next = next(runner.Operation, runner.Source.Region, report)
		reports[i] = report
	}
	return reports
}

// inWaves runs the regions wave by wave, and returns their reports in the order of names.
func inWaves(ctx context.Context, r *Rollout, names []string, run func(ctx context.Context, name string) v1alpha1.RegionReport) []v1alpha1.RegionReport {
	var (
		mu       sync.Mutex
		failures int
		reports  = make(map[string]v1alpha1.RegionReport, len(names))
	)
	mayStart := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return failures <= r.MaxFailures && ctx.Err() == nil
	}
	for _, wave := range r.Waves {
		var group errgroup.Group
		group.SetLimit(max(r.MaxParallel, 1))
		for _, name := range wave {
			group.Go(func() error {
				if !mayStart() {
					return nil
				}
				report := run(ctx, name)
				mu.Lock()
				defer mu.Unlock()
				reports[name] = report
				if !succeeded(report.Outcome) {
					failures++
				}
				return nil
			})
		}
		_ = group.Wait() // the functions return no errors: the reports hold them
	}
	ordered := make([]v1alpha1.RegionReport, 0, len(names))
	for _, name := range names {
		report, ok := reports[name]
		if !ok {
			report = notStarted(ctx, name, failures)
		}
		ordered = append(ordered, report)
	}
	return ordered
}

func notStarted(ctx context.Context, name string, failures int) v1alpha1.RegionReport {
	why := fmt.Sprintf("not started, because %d region(s) failed (rollout.maxFailures)", failures)
	if errors.Is(context.Cause(ctx), ErrInterrupted) {
		why = "not started, because the run was interrupted"
	}
	return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeNotStarted, Steps: []v1alpha1.StepResult{}, Error: why}
}

func succeeded(outcome v1alpha1.Outcome) bool {
	return outcome == v1alpha1.OutcomeSucceeded || outcome == v1alpha1.OutcomeNothingToDo
}

// OverallOutcome joins the regions' outcomes into the command's: a signal
// first; PartlyFailed when some regions are done and some are not; and the
// shared reason when all that did not succeed share one.
func OverallOutcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	var (
		done, nothing, left int
		reason              v1alpha1.Outcome
	)
	for _, report := range reports {
		switch outcome := report.Outcome; {
		case outcome == v1alpha1.OutcomeInterrupted:
			return v1alpha1.OutcomeInterrupted
		case outcome == v1alpha1.OutcomeNothingToDo:
			nothing++
		case succeeded(outcome):
			done++
		case outcome == v1alpha1.OutcomeNotStarted:
			left++
		case reason == "" || reason == outcome:
			reason = outcome
		default:
			reason = v1alpha1.OutcomeFailed
		}
	}
	switch {
	case reason == "" && done == 0 && nothing == len(reports):
		return v1alpha1.OutcomeNothingToDo
	case reason == "" && left > 0: // nothing failed, so it was a signal that kept them
		return v1alpha1.OutcomeInterrupted
	case reason == "":
		return v1alpha1.OutcomeSucceeded
	case done+nothing > 0:
		return v1alpha1.OutcomePartlyFailed
	default:
		return reason
	}
}
