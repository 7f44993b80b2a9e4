package rollout

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// If one of a region's two clusters does not answer, the whole region is left out, with the
// reason. If a cluster refuses, the region is not left out, and still stops everything.
func TestPlanLeavesOut(t *testing.T) {
	rollout := rolloutOf(t, "sydney", "london")
	why := &cluster.UnreachableError{Context: "london", Reason: "it does not answer", NoAnswer: true}
	rollout.Survey.Regions()[1].Sources[0].ProviderSite = silent(t, why)
	rollout.Survey.Regions()[1].Sources[0].Declared.Context = "london-b"
	for _, operation := range []migration.Operation{migration.Migrate(false, migration.Refuse), migration.Migrate(true, migration.Refuse), migration.Retain(migration.Refuse)} {
		rollout.Operation, rollout.SkipUnreachable = operation, true
		plan, err := rollout.Plan(t.Context(), true)
		if err != nil || plan.Outcome != v1alpha1.OutcomePreflightFailed || plan.Regions[0].Outcome != v1alpha1.OutcomePreflightFailed {
			t.Fatalf("%s: %+v, %v", operation.Name, plan, err)
		}
		london := plan.Regions[1]
		want := []v1alpha1.StepPlan{{Name: "preflight", Action: v1alpha1.ActionBlocked, Reason: `left out, nothing will be changed: context "london": it does not answer`}}
		if diff := cmp.Diff(want, london.Steps); diff != "" || london.Outcome != v1alpha1.OutcomeUnreachable ||
			len(london.Preflight) > 0 || london.Providers[0].Outcome != v1alpha1.OutcomeUnreachable {
			t.Errorf("%s: %+v (-want +got):\n%s", operation.Name, london, diff)
		}
		if err := migration.SamePlan(plan, plan); err != nil {
			t.Errorf("%s: a plan is not itself: %v", operation.Name, err)
		}

		rollout.SkipUnreachable = false
		if plan, err = rollout.Plan(t.Context(), false); err != nil || plan.Regions[1].Outcome != v1alpha1.OutcomePreflightFailed || len(plan.Regions[1].Preflight) == 0 {
			t.Errorf("%s, unasked: %+v, %v", operation.Name, plan, err)
		}
	}
}

// The other regions continue, also those of later waves, and a region that is left out does not
// count as failed.
func TestRunLeavesOut(t *testing.T) {
	rollout := rolloutOf(t, "sydney", "london", "ohio")
	rollout.Waves = wavesOf(4, []string{"london"}, []string{"sydney", "ohio"})
	plan, err := rollout.Plan(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	leaveOut := func(i int) {
		plan.Regions[i].Outcome = v1alpha1.OutcomeUnreachable
		plan.Regions[i].Steps = []v1alpha1.StepPlan{{Name: "preflight", Reason: "left out"}}
	}
	leaveOut(1)
	plan.Regions[0].Outcome, plan.Regions[2].Outcome = v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeNothingToDo
	plan = newPlan(plan.Primary, plan.Waves, plan.Regions)
	var mu sync.Mutex
	waves := map[string][2]int{}
	rollout.Report = func(event v1alpha1.Progress) {
		mu.Lock()
		defer mu.Unlock()
		waves[event.Region] = [2]int{event.Wave, event.Waves}
	}
	reports := rollout.Run(t.Context(), plan)
	if diff := cmp.Diff(map[string][2]int{"sydney": {2, 3}, "ohio": {3, 3}}, waves); diff != "" {
		t.Errorf("sydney takes the place of the first wave (-want +got):\n%s", diff)
	}
	if outcomes := outcomesOf(reports); !slices.Equal(outcomes, []v1alpha1.Outcome{"NothingToDo", "Unreachable", "NothingToDo"}) || Outcome(reports) != v1alpha1.OutcomePartlyFailed {
		t.Errorf("%v", outcomes)
	}
	london := reports[1]
	if london.Error != "left out" || london.Providers[0].Error != "left out" || london.Providers[0].Outcome != v1alpha1.OutcomeUnreachable ||
		!strings.Contains(london.Next, "migrate --region london") || len(london.Steps) > 0 {
		t.Errorf("%+v", london)
	}

	// if a region fails its preflight, nothing starts, and each region reports its own reason
	plan.Regions[2].Outcome = v1alpha1.OutcomePreflightFailed
	plan = newPlan(plan.Primary, plan.Waves, plan.Regions)
	reports = rollout.Run(t.Context(), plan)
	if outcomes := outcomesOf(reports); !slices.Equal(outcomes, []v1alpha1.Outcome{"NotStarted", "Unreachable", "PreflightFailed"}) || reports[1].Error != "left out" {
		t.Errorf("%v, %q", outcomes, reports[1].Error)
	}
	if !strings.Contains(reports[0].Error, "--exclude") || !strings.Contains(reports[0].Error, "--skip-unreachable") {
		t.Errorf("%q does not say how to go on", reports[0].Error)
	}

	// after a signal its turn never came
	ctx, interrupt := context.WithCancelCause(t.Context())
	interrupt(migration.ErrInterrupted)
	plan.Outcome, plan.Regions[2].Outcome = v1alpha1.OutcomePartlyFailed, v1alpha1.OutcomeChangesPending
	if reports = rollout.Run(ctx, plan); Outcome(reports) != v1alpha1.OutcomeInterrupted || !strings.Contains(reports[2].Next, "migrate --region ohio") {
		t.Errorf("after a signal: %v", outcomesOf(reports))
	}
}

func outcomesOf(reports []v1alpha1.RegionReport) (outcomes []v1alpha1.Outcome) {
	for _, report := range reports {
		outcomes = append(outcomes, report.Outcome)
	}
	return outcomes
}
