package health

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Expectation is how status judges a region that no migration has reached yet.
type Expectation string

// Expectations.
const (
	ExpectMigrated Expectation = "migrated" // it fails
	ExpectPlanned  Expectation = "planned"  // it waits for its turn if its legacy path works
)

// skipMigration skips the checks that fail only because no migration was begun: the region has no part of a satellite,
// and every legacy release that it needs is found and works.
func skipMigration(views []*snapshot.Snapshot, results []v1alpha1.CheckResult) {
	begun := func(s *snapshot.Snapshot) bool {
		site := s.Satellite.Value()
		return phase(s) != v1alpha1.PhaseLegacy || snapshot.Settled(s.ProviderJournal.Err()) || site.Pending != nil || site.LastRevision > 0 || site.Workload
	}
	missing := func(r v1alpha1.CheckResult) bool {
		return slices.Contains([]string{"satellite-installed", "networking-v2", "legacy-retained"}, r.ID)
	}
	broken := func(r v1alpha1.CheckResult) bool {
		return r.Category == "legacy" && r.ID != "legacy-owner" && r.Notable() && !missing(r)
	}
	if slices.ContainsFunc(views, begun) || slices.ContainsFunc(results, broken) {
		return
	}
	for i, r := range results {
		if missing(r) && r.State == v1alpha1.CheckFail {
			results[i].State, results[i].Hint = v1alpha1.CheckSkipped, ""
			results[i].Message = "not migrated yet, as --expect planned allows: " + r.Message
		}
	}
}
