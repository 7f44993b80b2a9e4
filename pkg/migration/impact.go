package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// impact counts whom a switch of the provider affects. The error says why that is unknown.
func impact(s *snapshot.Snapshot) (*v1alpha1.Impact, error) {
	if err := cmp.Or(s.Workspaces.Err(), s.Primary.Version.Err()); err != nil {
		return nil, err
	}
	return new(workspaces.ImpactOf(s.Workspaces.Value(), s.Primary.Version.Value(), s.Taken)), nil
}

func concerned(s *snapshot.Snapshot) []string {
	found, err := impact(s)
	if err != nil {
		return []string{fmt.Sprintf("whom it affects is unknown: %v", err)}
	}
	affected := fmt.Sprintf("it affects %s, %d of them on, and %s, %d of them connected within the last hour",
		counted(found.Workspaces, "workspace"), found.On, counted(found.Users, "user"), found.ConnectedLastHour)
	switch {
	case found.On == 0:
		return []string{affected}
	case found.RebuiltBySwitch:
		return []string{affected, "the primary then rebuilds the workspaces that are on, a few at a time: everything outside their home directories is lost"}
	default:
		return []string{affected, "no workspace changes its path until it is rebuilt; this primary does not do that"}
	}
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func switches(steps []v1alpha1.StepPlan, provider string) bool {
	return slices.ContainsFunc(steps, func(step v1alpha1.StepPlan) bool {
		return (step.Name == stepEnable || step.Name == stepDisable) && step.Provider == provider && step.Action == v1alpha1.ActionChange
	})
}

// MayAffect returns nil if the plan's switches affect at most limit workspaces that are on, in all regions together. The
// error has their number, or the providers for which it is unknown.
func MayAffect(plan *v1alpha1.Plan, limit int) error {
	on, unknown := 0, []string(nil)
	for _, region := range plan.Regions {
		for _, provider := range region.Providers {
			changes := region.Outcome == v1alpha1.OutcomeChangesPending && provider.Outcome == v1alpha1.OutcomeChangesPending
			switch {
			case !changes || !switches(region.Steps, provider.Name):
			case provider.Impact == nil:
				unknown = append(unknown, provider.Name)
			default:
				on += provider.Impact.On
			}
		}
	}
	switch {
	case len(unknown) > 0:
		return fmt.Errorf("how many workspaces are on is unknown for %s, but --max-affected allows %d: nothing was changed", strings.Join(unknown, ", "), limit)
	case on > limit:
		return fmt.Errorf("the switches affect %s that are on, but --max-affected allows %d: nothing was changed; "+
			"select fewer regions with --region, or wait until fewer are in use", counted(on, "workspace"), limit)
	default:
		return nil
	}
}
