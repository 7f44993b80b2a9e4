package migration

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// No verb changes a region through a satellite that is taken for the primary,
// or for another primary than the region's own.
func TestEveryVerbRefusesAnotherPrimary(t *testing.T) {
	s := migrated(t)
	s.Primary.URL = "https://coder-staging.example.com"
	s.Primary.ServedKey = snapshot.Known(coder.SatelliteKey{Key: "a key", Fingerprint: "SHA256:other"})
	s.Journal = snapshot.Known(&journal.Record{Primary: "https://coder.example.com"})
	for _, operation := range []Operation{Migrate(), Retain(), Rollback(RollbackOptions{Force: true}), Remove(true), Finalize()} {
		states := map[string]v1alpha1.CheckState{}
		for _, result := range operation.Preflight(s) {
			states[result.ID] = result.State
		}
		for _, id := range []string{"primary-is-primary", "primary-same"} {
			if states[id] != v1alpha1.CheckFail {
				t.Errorf("%s: %s is %q", operation.Name, id, states[id])
			}
		}
	}
}
