package printer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func (p *page) report(report *v1alpha1.MigrationReport) {
	p.once = true
	p.overview(primaryLine(report.Primary), reportTable(rows(p, report.Regions, gravity)))
	shown := report.Regions
	if !p.wide {
		shown = gravest(shown, gravity)
	}
	if p.full(len(report.Regions)) {
		for i, region := range shown {
			p.regions(region.Outcome, region.Name)
			p.outcomes(shown[i:i+1], true)
		}
	} else {
		p.blank()
		p.outcomes(shown, false)
	}
	p.summary(p.reportSummary(report))
}

// gravity is 0 for a region whose row says everything, and higher the more urgently somebody must look at it.
func gravity(region v1alpha1.RegionReport) int {
	undone := func(step v1alpha1.StepResult) bool { return step.State == v1alpha1.StepUndoFailed }
	switch {
	case slices.ContainsFunc(region.Steps, undone):
		return 4
	case region.Outcome == v1alpha1.OutcomeNotStarted, region.Outcome == v1alpha1.OutcomeUnreachable:
		return 2
	case region.Outcome != v1alpha1.OutcomeSucceeded && region.Outcome != v1alpha1.OutcomeNothingToDo:
		return 3
	case region.Error != "", len(region.Left) > 0, len(v1alpha1.Notable(region.Preflight)) > 0, gapCell(region.Measured).style == notice:
		return 1
	default:
		return 0
	}
}

func reportTable(regions []v1alpha1.RegionReport) table {
	t := newTable("REGION", "OUTCOME", "STEPS", "TIME", "MOVED?", "GAP?", "NEARER?", "PROVIDER+", "CONTEXT+", "MESSAGE")
	for _, region := range regions {
		var names, contexts []string
		var adoptions []*v1alpha1.Adoption
		var distances []*v1alpha1.Distance
		if region.Satellite != nil {
			contexts = []string{region.Satellite.Context}
		}
		for _, provider := range region.Providers {
			names, contexts = append(names, provider.Name), append(contexts, provider.Context)
			if provider.After != nil {
				adoptions, distances = append(adoptions, provider.After.Adoption), append(distances, provider.After.Distance)
			}
		}
		t.add(region.Name, cell{Words(string(region.Outcome)), outcomeStyle(region.Outcome)},
			stepCount(region.Steps), elapsed(span(region.Steps)), movedCell(adoptions...), gapCell(region.Measured), nearerCell(distances...),
			joined(names), joined(contexts), message(region))
	}
	return t
}

func message(region v1alpha1.RegionReport) string {
	switch region.Outcome {
	case v1alpha1.OutcomeNothingToDo:
		return "already in place"
	case v1alpha1.OutcomeNotStarted:
		return cmp.Or(region.Error, "not started")
	}
	states := numbers(region.Steps, stateOf)
	failed, how, last := "", "failed", ""
	for _, step := range region.Steps {
		switch step.State {
		case v1alpha1.StepFailed, v1alpha1.StepInterrupted:
			failed, how = step.Name, Words(string(step.State))
		case v1alpha1.StepUndone, v1alpha1.StepUndoFailed:
		default:
			last = step.Message
		}
	}
	switch {
	case failed == "" && region.Error != "":
		return "see below"
	case failed == "":
		return orNone(last)
	case states[v1alpha1.StepUndoFailed] > 0:
		how += "; " + counted(states[v1alpha1.StepUndoFailed], "step") + " could not be undone"
	case states[v1alpha1.StepUndone] > 0:
		how += "; " + counted(states[v1alpha1.StepUndone], "step") + " undone"
	}
	return failed + " " + how
}

func stateOf(step v1alpha1.StepResult) v1alpha1.StepState { return step.State }

func stepCount(steps []v1alpha1.StepResult) string {
	states := numbers(steps, stateOf)
	if states[v1alpha1.StepDone]+states[v1alpha1.StepAlready] == 0 {
		return "-"
	}
	return fmt.Sprintf("%d done, %d already", states[v1alpha1.StepDone], states[v1alpha1.StepAlready])
}

func span(steps []v1alpha1.StepResult) (started, finished metav1.Time) {
	for _, step := range steps {
		if !step.Started.IsZero() && (started.IsZero() || step.Started.Before(&started)) {
			started = step.Started
		}
		if finished.Before(&step.Finished) {
			finished = step.Finished
		}
	}
	return started, finished
}

func elapsed(started, finished metav1.Time) string {
	if started.IsZero() || finished.IsZero() || finished.Time.Before(started.Time) {
		return "-"
	}
	return finished.Sub(started.Time).Round(time.Second).String()
}

func (p *page) reportSummary(report *v1alpha1.MigrationReport) string {
	var well, failed, waiting []string
	for _, region := range report.Regions {
		switch region.Outcome {
		case v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo:
			well = append(well, region.Name)
		case v1alpha1.OutcomeNotStarted:
			waiting = append(waiting, region.Name)
		default:
			failed = append(failed, region.Name)
		}
	}
	answers := func(region v1alpha1.RegionReport) bool { return region.Outcome != v1alpha1.OutcomeUnreachable }
	if len(failed) > 0 && !slices.ContainsFunc(report.Regions, answers) {
		return fmt.Sprintf("%s: nothing was done, because in every region a cluster does not answer: %s.", report.Operation, p.list(failed))
	}
	parts := sentences{report.Operation + ": " + Words(string(report.Outcome))}
	if took := elapsed(report.Started, report.Finished); took != "-" {
		parts[0] += " after " + took
	}
	parts.add(true, "%d of %s done", len(well), counted(len(report.Regions), "region"))
	parts.add(len(failed) > 0, "not done: %s", p.list(failed))
	parts.add(len(waiting) > 0, "not started: %s", p.list(waiting))
	return strings.Join(parts, "; ") + "."
}
