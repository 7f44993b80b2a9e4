package printer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// planned is what would happen in regions: each different plan and each finding of the preflight once.
type planned struct {
	Alone bool // set if it is one region, to be told in full
	Waves []v1alpha1.PlanWave
	Alike Groups[v1alpha1.RegionPlan]
	Found *Groups[any]
}

// plans compares regions' plans. Of several it keeps no steps of one that needs nothing, or whose preflight fails: its
// checks say why.
func (p *page) plans(regions any, waves []v1alpha1.PlanWave, alone bool) *planned {
	all := &planned{Alone: alone, Waves: waves, Found: &Groups[any]{}}
	for _, one := range each(regions) {
		region, _ := one.(v1alpha1.RegionPlan)
		name, key := region.Name, fmt.Sprint(region.Outcome, len(region.Providers))
		if alone {
			name = ""
		} else if region.Outcome == v1alpha1.OutcomeNothingToDo || region.Outcome == v1alpha1.OutcomePreflightFailed {
			region.Steps = nil
		}
		for _, step := range region.Steps {
			key += " " + step.Name + string(step.Action) + Vague(region.Name, step.Reason+" "+strings.Join(step.Details, " "))
		}
		all.Alike.Join(region, region.Name, key)
		p.findings(all.Found, name, v1alpha1.Notable(region.Preflight), len(region.Providers))
	}
	return all
}

// leftOut reports whether a provider stays as it is although its region would change.
func leftOut(region v1alpha1.RegionPlan, provider v1alpha1.ProviderPlan) bool {
	return provider.Outcome == v1alpha1.OutcomePreflightFailed && region.Outcome != v1alpha1.OutcomePreflightFailed
}

// impact is whom a plan concerns, in all regions together.
type impact struct {
	v1alpha1.Impact
	Switches      int      // providers that would be switched
	Left, Unknown []string // providers that are left out, and those of which it is unknown whom switching them concerns
}

func impactOf(plan *v1alpha1.Plan) (all impact) {
	for _, region := range plan.Regions {
		for _, provider := range region.Providers {
			if leftOut(region, provider) {
				all.Left = append(all.Left, provider.Name)
			}
			switched := func(step v1alpha1.StepPlan) bool {
				return step.Provider == provider.Name && step.Action == v1alpha1.ActionChange && strings.HasSuffix(step.Name, "able-networking-v2")
			}
			switch one := provider.Impact; {
			case provider.Outcome != v1alpha1.OutcomeChangesPending:
			case one == nil && slices.ContainsFunc(region.Steps, switched):
				all.Unknown = append(all.Unknown, provider.Name)
			case one != nil:
				all.Switches, all.Workspaces, all.On, all.Users = all.Switches+1, all.Workspaces+one.Workspaces, all.On+one.On, all.Users+one.Users
				all.RebuiltBySwitch = all.RebuiltBySwitch || one.RebuiltBySwitch && one.On > 0
			}
		}
	}
	return all
}
