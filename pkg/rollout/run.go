package rollout

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// run starts each region when the rules allow it, and none after ctx has ended. The reports are in the order of names.
func (r Rules) run(ctx context.Context, names []string, one func(ctx context.Context, name string) v1alpha1.RegionReport) []v1alpha1.RegionReport {
	type result struct {
		name   string
		report v1alpha1.RegionReport
	}
	states, reports, results := map[string]state{}, map[string]v1alpha1.RegionReport{}, make(chan result)
	start := func() {
		if ctx.Err() != nil {
			return
		}
		for _, name := range r.mayStart(states) {
			states[name] = atWork
			go func() { results <- result{name, one(ctx, name)} }()
		}
	}
	for start(); count(states, atWork) > 0; start() {
		ended := <-results
		reports[ended.name], states[ended.name] = ended.report, failed
		switch ended.report.Outcome {
		case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeUnreachable: // it was left out on request
			states[ended.name] = done
		}
	}
	why := fmt.Sprintf("not started, because %d region(s) failed (rollout.maxFailures)", count(states, failed))
	if errors.Is(context.Cause(ctx), migration.ErrInterrupted) {
		why = "not started, because the run was interrupted"
	}
	ordered := make([]v1alpha1.RegionReport, len(names))
	for i, name := range names {
		report, ran := reports[name]
		if !ran {
			report = v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeNotStarted, Steps: []v1alpha1.StepResult{}, Error: why}
		}
		ordered[i] = report
	}
	return ordered
}

// Outcome joins the regions' outcomes into the command's.
func Outcome(reports []v1alpha1.RegionReport) v1alpha1.Outcome {
	outcomes := make([]v1alpha1.Outcome, len(reports))
	for i, report := range reports {
		outcomes[i] = report.Outcome
	}
	return migration.Join(outcomes)
}
