package migration

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Retain returns the operation that only retains the legacy release.
func Retain() Operation {
	base := checks("primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights",
		"provider-found", "legacy-found", "legacy-idle")
	return Operation{
		Name:  "retain",
		Items: snapshot.StatusItems(),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
			results := base(s)
			found := s.Legacy.Value().Found
			for i, r := range results {
				// a migration can do without a release that is of no use any more, but here it is asked for
				if r.ID == "legacy-found" && r.State == v1alpha1.CheckSkipped && found.Unusable {
					results[i].State, results[i].Message, results[i].Hint = v1alpha1.CheckFail, found.Explain(), found.Remedy
				}
			}
			return results
		},
		Steps: []Step{retainLegacy()},
	}
}
