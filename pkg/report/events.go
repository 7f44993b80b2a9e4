package report

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// fromEvents reconstructs a run from its events; nil without any. A file of events may hold several runs: a region that
// begins again begins the next one. What a person must do for an unfinished step becomes the step's error.
func fromEvents(events []v1alpha1.Progress) *v1alpha1.MigrationReport {
	var run *v1alpha1.MigrationReport
	var begun map[string]bool
	for _, e := range events {
		if run == nil || e.Step == "" && e.State == v1alpha1.StepRunning && begun[e.Region] {
			run, begun = &v1alpha1.MigrationReport{Started: e.Time}, map[string]bool{}
		}
		run.Finished = e.Time
		if e.Region == "" {
			continue
		}
		i := slices.IndexFunc(run.Regions, func(region v1alpha1.RegionReport) bool { return region.Name == e.Region })
		if i < 0 {
			i, run.Regions = len(run.Regions), append(run.Regions, v1alpha1.RegionReport{Name: e.Region})
		}
		region := &run.Regions[i]
		switch {
		case e.Step != "":
			region.Steps = stepped(region.Steps, e)
			continue
		case e.State == v1alpha1.StepDone || e.State == v1alpha1.StepAlready:
			region.Outcome = v1alpha1.OutcomeSucceeded
		case e.State != v1alpha1.StepRunning:
			region.Outcome, region.Error = v1alpha1.OutcomeFailed, e.Message
		}
		begun[e.Region] = true
	}
	return run
}

func stepped(steps []v1alpha1.StepResult, e v1alpha1.Progress) []v1alpha1.StepResult {
	i := slices.IndexFunc(steps, func(s v1alpha1.StepResult) bool {
		return s.Name == e.Step && s.Provider == e.Provider && s.State == v1alpha1.StepRunning
	})
	if i < 0 {
		i, steps = len(steps), append(steps, v1alpha1.StepResult{Name: e.Step, Provider: e.Provider, Started: e.Time})
	}
	step := &steps[i]
	step.State, step.Message = e.State, e.Message
	switch {
	case e.State != v1alpha1.StepRunning:
		step.Finished, step.Error = e.Time, ""
	case e.Attention:
		step.Error = e.Message
	}
	return steps
}
