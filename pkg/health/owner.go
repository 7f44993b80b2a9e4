package health

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// ofProvider reports whether the check is about a provider, and so is asked for
// each of a region's. Checks of other categories that look at a provider as well are listed.
func ofProvider(check v1alpha1.CheckInfo) bool {
	return slices.Contains([]string{categoryProvider, categoryLegacy, categoryCanary, categoryRun}, check.Category) ||
		slices.Contains([]string{"region-distinct", "namespace-separate", "primary-same", "devurl-certificate"}, check.ID)
}

// ofSatellite reports whether the check does not apply to a region without a
// satellite: it is about one, or about the way back from one.
func ofSatellite(check v1alpha1.CheckInfo) bool {
	return !slices.Contains([]string{categoryPrimary, categoryProvider, categoryCanary, categoryRun}, check.Category) &&
		!slices.Contains([]string{"region-distinct", "primary-same"}, check.ID)
}

// EvaluateRegion evaluates checks on the views of a region's providers, at least one: what is about the primary or the
// satellite is reported once, and what is about providers for each in turn.
func EvaluateRegion(views []*snapshot.Snapshot, evaluate func(*snapshot.Snapshot) []v1alpha1.CheckResult) []v1alpha1.CheckResult {
	results := evaluate(views[0])
	for _, s := range views[1:] {
		for _, r := range evaluate(s) {
			if r.Provider != "" {
				results = insert(results, r)
			}
		}
	}
	return results
}

// insert puts a result after the last one of the same check; to the end if there is none.
func insert(results []v1alpha1.CheckResult, r v1alpha1.CheckResult) []v1alpha1.CheckResult {
	for i, other := range slices.Backward(results) {
		if other.ID == r.ID {
			return slices.Insert(results, i+1, r)
		}
	}
	return append(results, r)
}
