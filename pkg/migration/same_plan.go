package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// SamePlan returns nil if an earlier plan says what a plan of now says, and
// else an error that names every difference with both values, region by region.
// What a plan only explains (reasons, details, manifests, warnings, and the
// operator who made it) does not count.
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
			errs = append(errs, fmt.Errorf("region %q is in the plan, but was not selected now", region.Name))
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
		return err // of which what follows is a consequence
	}
	differences := slices.Concat(
		differs("the primary's version", planned.Primary.Version, now.Primary.Version),
		differs("the order of the regions", fmt.Sprint(planned.Waves), fmt.Sprint(now.Waves)),
		differs("the outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("the plan is another now: %s", strings.Join(differences, "; "))
	}
	return nil
}

// sameRegion compares two plans of a region.
func sameRegion(planned, now v1alpha1.RegionPlan) error {
	if planned.Fingerprint != fingerprint(planned.Basis) {
		return fmt.Errorf("region %q: the plan's fingerprint does not fit its facts: the plan file was edited after it was written", planned.Name)
	}
	differences := slices.Concat(
		differs("context", planned.Context, now.Context),
		differs("namespace", planned.Namespace, now.Namespace),
		differs("release", planned.Release, now.Release),
		differs("accessURL", planned.AccessURL, now.AccessURL),
		differs("provider ID", planned.Provider.ID, now.Provider.ID),
		differs("provider name", planned.Provider.Name, now.Provider.Name),
		Differences(planned.Basis, now.Basis),
		stepDifferences(planned.Steps, now.Steps),
		differs("outcome", planned.Outcome, now.Outcome),
	)
	if len(differences) > 0 {
		return fmt.Errorf("region %q changed since it was planned: %s", planned.Name, strings.Join(differences, "; "))
	}
	return nil
}

// stepDifferences compares what is intended, step by step in their order.
func stepDifferences(planned, now []v1alpha1.StepPlan) (differences []string) {
	at := func(steps []v1alpha1.StepPlan, i int) string {
		if i >= len(steps) {
			return ""
		}
		return fmt.Sprintf("%s (%s)", steps[i].Name, steps[i].Action)
	}
	for i := range max(len(planned), len(now)) {
		differences = append(differences, differs(fmt.Sprintf("step %d", i+1), at(planned, i), at(now, i))...)
	}
	return differences
}
