package migration

import (
	"cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Retain returns the operation that only retains the legacy release. policy concerns one that Flux owns: Refuse, Suspend or Wait.
func Retain(policy Policy) Operation {
	base := checks("primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights",
		"provider-found", "legacy-found", "legacy-idle")
	return Operation{
		Name:  "retain",
		Items: snapshot.StatusItems(),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
			// A migration can do without an unusable release, but here it is requested explicitly.
			if found := s.Legacy.Value().Found; found.Unusable {
				return withoutLegacy(base(s), found)
			}
			return base(s)
		},
		Steps: []Step{retainLegacy(policy)},
	}
}

// withoutLegacy turns a skipped check for the legacy release into a failure that explains why none was found.
func withoutLegacy(results []v1alpha1.CheckResult, found legacy.Found) []v1alpha1.CheckResult {
	for i, r := range results {
		if r.ID == "legacy-found" && r.State == v1alpha1.CheckSkipped {
			results[i].State, results[i].Message, results[i].Hint = v1alpha1.CheckFail, found.Explain(), cmp.Or(found.Remedy, r.Hint)
		}
	}
	return results
}
