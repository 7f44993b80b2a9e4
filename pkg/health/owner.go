package health

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// ofProvider reports whether the check is about a provider, and so is asked for each provider of a region.
func ofProvider(check v1alpha1.CheckInfo) bool {
	return slices.Contains([]string{"provider", "legacy", "canary", "run"}, check.Category) ||
		slices.Contains([]string{"region-distinct", "namespace-separate", "primary-same", "devurl-certificate"}, check.ID)
}

// ofSatellite reports whether a region without a satellite skips the check: it is about one, or the way back from one.
func ofSatellite(check v1alpha1.CheckInfo) bool {
	return !slices.Contains([]string{"primary", "provider", "canary", "run"}, check.Category) &&
		!slices.Contains([]string{"region-distinct", "primary-same"}, check.ID)
}

// EvaluateRegion evaluates checks on the views of a region's providers, at least one. Checks about the primary or the
// satellite are reported once, checks about providers for each in turn.
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

// insert puts a result after the last one of the same check, or at the end.
func insert(results []v1alpha1.CheckResult, r v1alpha1.CheckResult) []v1alpha1.CheckResult {
	for i, other := range slices.Backward(results) {
		if other.ID == r.ID {
			return slices.Insert(results, i+1, r)
		}
	}
	return append(results, r)
}
