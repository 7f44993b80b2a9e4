package printer

import (
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// fleetPlan writes what a migration of many regions would do: once for all regions in
// which the same would happen, and each finding of the preflight once. No steps
// are shown of a region that needs nothing, or whose preflight fails: its checks say why.
func (p *page) fleetPlan(plan *v1alpha1.Plan) {
	var alike groups[v1alpha1.RegionPlan]
	var found groups[v1alpha1.CheckResult]
	for _, region := range plan.Regions {
		if region.Outcome == v1alpha1.OutcomeNothingToDo || region.Outcome == v1alpha1.OutcomePreflightFailed {
			region.Steps = nil
		}
		key := fmt.Sprint(region.Outcome, len(region.Providers))
		for _, step := range region.Steps {
			key += " " + step.Name + string(step.Action) + Vague(region.Name, step.Reason+" "+strings.Join(step.Details, " "))
		}
		alike.join(region, region.Name, key)
		p.joinChecks(&found, region.Name, v1alpha1.Notable(region.Preflight), len(region.Providers) > 1)
	}
	for _, g := range alike.list {
		p.regions(g.first.Outcome, g.where...)
		p.table(stepTable(g.first.Steps, len(g.first.Providers) > 1), "  ")
		for _, step := range g.first.Steps {
			step.Diff = "" // as long as it is, it would hide all else
			p.stepMore(step)
		}
	}
	p.causes(found)
}
