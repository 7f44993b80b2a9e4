package rollout

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/suggest"
)

// newPlan joins the plans of regions. The most severe outcome wins; an unreachable region counts as a part that failed.
func newPlan(primary v1alpha1.Primary, waves []v1alpha1.PlanWave, regions []v1alpha1.RegionPlan) *v1alpha1.Plan {
	plan := &v1alpha1.Plan{Primary: primary, Outcome: v1alpha1.OutcomeNothingToDo, Waves: waves, Regions: regions}
	bySeverity := []v1alpha1.Outcome{
		v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeChangesPending, v1alpha1.OutcomePartlyFailed, v1alpha1.OutcomePreflightFailed,
	}
	for _, region := range regions {
		outcome := region.Outcome
		if outcome == v1alpha1.OutcomeUnreachable {
			outcome = v1alpha1.OutcomePartlyFailed
		}
		if slices.Index(bySeverity, outcome) > slices.Index(bySeverity, plan.Outcome) {
			plan.Outcome = outcome
		}
	}
	return plan
}

// CheckGates returns an error if a gate names a check that status does not have.
func CheckGates(waves []fleet.Wave) error {
	var known []string
	for _, check := range health.Status() {
		known = append(known, check.Info.ID)
	}
	for _, wave := range waves {
		for _, gate := range wave.Gates {
			if gate.Check != "" && !slices.Contains(known, gate.Check) {
				return fmt.Errorf("rollout.waves: a gate of wave %q names the check %q, which status does not have%s; `kubectl coder-satellite explain` lists them",
					wave.Name, gate.Check, suggest.DidYouMean(gate.Check, known))
			}
		}
	}
	return nil
}

// planned returns the waves as a plan shows them. One in which nothing would happen waits for nothing.
func planned(waves []fleet.Wave, plans []v1alpha1.RegionPlan) []v1alpha1.PlanWave {
	shown := []v1alpha1.PlanWave{}
	for i, wave := range waves {
		p := v1alpha1.PlanWave{Name: wave.Name, Regions: append([]string{}, wave.Regions...)}
		if !slices.ContainsFunc(plans, func(region v1alpha1.RegionPlan) bool {
			return region.Outcome != v1alpha1.OutcomeNothingToDo && slices.Contains(wave.Regions, region.Name)
		}) {
			shown = append(shown, p)
			continue
		}
		if i > 0 {
			p.Waits = after(waves[i-1])
		}
		if wave.Approval {
			p.Waits = append(p.Waits, "an approval")
		}
		if wave.Window.Text != "" {
			p.Waits = append(p.Waits, "its window, "+wave.Window.Text)
		}
		shown = append(shown, p)
	}
	return shown
}

// after says what the wave after this one waits for.
func after(wave fleet.Wave) (waits []string) {
	if wave.Soak > 0 {
		waits = append(waits, fmt.Sprintf("%s in which status of wave %q stays good", duration.HumanDuration(wave.Soak), wave.Name))
	}
	for _, gate := range wave.Gates {
		text := fmt.Sprintf("gaps of at most %s", gate.MaxGap)
		switch {
		case gate.Check != "":
			text = "the check " + gate.Check
		case gate.LatencyRatio > 0:
			text = fmt.Sprintf("satellites at most %g times as far as the primary was", gate.LatencyRatio)
		case len(gate.Exec) > 0:
			text = "the command " + strings.Join(gate.Exec, " ")
		}
		waits = append(waits, fmt.Sprintf("a gate of wave %q: %s", wave.Name, text))
	}
	return waits
}
