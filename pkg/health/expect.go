package health

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Expectation is what status takes a region for that no migration has reached yet.
type Expectation string

// Expectations.
const (
	ExpectMigrated Expectation = "migrated" // a failure, as every other region that is not migrated
	ExpectPlanned  Expectation = "planned"  // waiting for its turn, if its legacy path works
)

// ofMigration are the checks that fail wherever no migration was begun.
var ofMigration = []string{"satellite-installed", "networking-v2", "legacy-retained"}

// waits reports whether a region is as it was before any migration, and its users are
// served: nothing of a satellite is there, and every legacy release that it needs is
// found and works.
func waits(views []*snapshot.Snapshot, results []v1alpha1.CheckResult) bool {
	begun := func(s *snapshot.Snapshot) bool {
		return phase(s) != v1alpha1.PhaseLegacy || s.Satellite.Value().Pending != nil
	}
	return !slices.ContainsFunc(views, begun) && !slices.ContainsFunc(results, func(r v1alpha1.CheckResult) bool {
		return r.Category == categoryLegacy && r.Notable() && !slices.Contains(ofMigration, r.ID)
	})
}

// skipMigration skips the checks that fail only because no migration was begun.
func skipMigration(results []v1alpha1.CheckResult) {
	for i := range results {
		if r := &results[i]; r.State == v1alpha1.CheckFail && slices.Contains(ofMigration, r.ID) {
			r.State, r.Hint = v1alpha1.CheckSkipped, ""
			r.Message = "not migrated yet, as --expect planned allows: " + r.Message
		}
	}
}
