package migration

import (
	"slices"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// What a controller installs is never the migration's own, so that no later run uninstalls it.
func TestOwnedIsNotCreated(t *testing.T) {
	s := fresh(t)
	if before := beforeOfSatellite(s); before.SatelliteRecords == nil || *before.SatelliteRecords != 0 {
		t.Errorf("ours: %+v", before)
	}
	fluxInstalls(func(x *satellite.State) { x.Control.Declared = true })(s)
	if before := beforeOfSatellite(s); before.SatelliteRecords != nil {
		t.Errorf("Flux's: %d records", *before.SatelliteRecords)
	}
}

// Removal is refused before anything is changed, and names the way.
func TestRemovalOfOwned(t *testing.T) {
	for _, operation := range []Operation{Remove(true), Rollback(RollbackOptions{RemoveSatellite: true})} {
		s := migrated(t)
		fluxInstalls(func(*satellite.State) {})(s)
		results := operation.preflight(s)
		i := slices.IndexFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == "satellite-owner" })
		if i < 0 {
			t.Errorf("%s is not refused: %+v", operation.Name, results)
			continue
		}
		const hint = "once no provider uses it (`kubectl coder-satellite rollback --context sydney`), delete Flux's HelmRelease coder/coder in Git, " +
			"or run `flux --context sydney --namespace coder delete helmrelease coder`; then `kubectl coder-satellite remove --context sydney` deletes its registration"
		if results[i].State != v1alpha1.CheckFail || results[i].Hint != hint {
			t.Errorf("%s: %+v", operation.Name, results[i])
		}
	}
}
