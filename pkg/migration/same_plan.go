package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// SamePlan returns nil if both plans do the same, or an error with every difference and both values, region by region. It
// ignores explanations: reasons, details, manifests, warnings, and the operator who made the plan.
func SamePlan(planned, now *v1alpha1.Plan) error {
	if planned.Primary.URL != now.Primary.URL {
		return fmt.Errorf("the plan is for the primary %s, not %s", planned.Primary.URL, now.Primary.URL)
	}
	current := make(map[string]v1alpha1.RegionPlan, len(now.Regions))
	for _, region := range now.Regions {
		current[region.Name] = region
	}
	var errs []error
	for _, region := range planned.Regions {
		fresh, ok := current[region.Name]
		delete(current, region.Name)
		if !ok {
			errs = append(errs, fmt.Errorf("region %q is in the plan, but is not selected", region.Name))
			continue
		}
		errs = append(errs, sameRegion(region, fresh))
	}
	for _, region := range now.Regions {
		if _, left := current[region.Name]; left {
			errs = append(errs, fmt.Errorf("region %q is not in the plan", region.Name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err // the other differences would follow from it
	}
	differences := slices.Concat(
		differs("the primary's version", planned.Primary.Version, now.Primary.Version),
		differs("the order of the regions", fmt.Sprint(planned.Waves), fmt.Sprint(now.Waves)),
		differs("the outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("the plan would be different now: %s", strings.Join(differences, "; "))
	}
	return nil
}

func sameRegion(planned, now v1alpha1.RegionPlan) error {
	if planned.Fingerprint != fingerprint(planned) {
		return fmt.Errorf("region %q: the plan file was edited after it was written", planned.Name)
	}
	differences := slices.Concat(
		satelliteDifferences(planned.Satellite, now.Satellite),
		providersDifferences(planned.Providers, now.Providers),
		stepDifferences(planned.Steps, now.Steps),
		differs("outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("region %q changed since it was planned: %s", planned.Name, strings.Join(differences, "; "))
	}
	return nil
}

// satelliteDifferences compares the satellites; nil is none.
func satelliteDifferences(planned, now *v1alpha1.SatellitePlan) []string {
	switch {
	case planned == nil && now == nil:
		return nil
	case planned == nil || now == nil:
		return []string{"the region gained or lost its satellite"}
	default:
		return Differences(*planned, *now)
	}
}

func providersDifferences(planned, now []v1alpha1.ProviderPlan) []string {
	if len(planned) != len(now) {
		return []string{fmt.Sprintf("it had %d providers when planned and has %d now", len(planned), len(now))}
	}
	var differences []string
	for i := range planned {
		for _, difference := range Differences(planned[i], now[i]) {
			differences = append(differences, fmt.Sprintf("provider %q: %s", planned[i].Name, difference))
		}
	}
	return differences
}

func stepDifferences(planned, now []v1alpha1.StepPlan) (differences []string) {
	at := func(steps []v1alpha1.StepPlan, i int) string {
		if i >= len(steps) {
			return ""
		}
		name := steps[i].Name
		if steps[i].Provider != "" {
			name += " of " + steps[i].Provider
		}
		action := steps[i].Action
		if name == stepInstall && action == v1alpha1.ActionCheck { // what the step would wait for may have come
			action = v1alpha1.ActionNone
		}
		return fmt.Sprintf("%s (%s)", name, action)
	}
	for i := range max(len(planned), len(now)) {
		differences = append(differences, differs(fmt.Sprintf("step %d", i+1), at(planned, i), at(now, i))...)
	}
	return differences
}
