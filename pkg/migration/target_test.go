package migration

import (
	"slices"
	"testing"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// No verb changes a region if the deployment that it talks to is a satellite, or another primary
// than the region's own.
func TestEveryVerbRefusesAnotherPrimary(t *testing.T) {
	s := migrated(t)
	s.Primary.URL = "https://coder-staging.example.com"
	s.Primary.ServedKey = snapshot.Known(coder.SatelliteKey{Key: "a key", Fingerprint: "SHA256:other"})
	s.ProviderJournal = snapshot.Known(&journal.Record{Primary: "https://coder.example.com", Before: &journal.Before{}})
	for _, operation := range []Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{Force: true}), Remove(true), Finalize(false)} {
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

// If a rollback needs to know the state before the migration, and there is no journal, it prints
// a command with the missing flag that can be pasted.
func TestRollbackWithoutJournalNamesTheCommand(t *testing.T) {
	s := migrated(t)
	s.ProviderJournal = snapshot.Known[*journal.Record](nil)
	const off = " --networking-v2-was off"
	for want, options := range map[string]RollbackOptions{
		s.Region.Command("rollback") + off:                         {},
		s.Region.Command("rollback") + " --remove-satellite" + off: {RemoveSatellite: true},
		"": {NetworkingV2Was: ptr.To(true)},
	} {
		results := Rollback(options).Preflight(s)
		i := slices.IndexFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == "networking-v2" })
		if i < 0 || results[i].State != v1alpha1.CheckFail || results[i].Hint != want {
			t.Errorf("%+v: %+v, want the hint %q", options, results, want)
		}
	}
}
