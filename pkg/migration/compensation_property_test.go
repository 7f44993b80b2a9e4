package migration

import (
	"slices"
	"testing"

	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// With any facts, known or unknown, compensation keeps the promises of decision 10.
func TestCompensateProperties(t *testing.T) {
	worlds := map[string]func(*snapshot.Snapshot){
		"off": offIn, "no primary": noPrimary, "no answer": noAnswer, "no cluster": noCluster, "not retained": notRetained,
		"legacy down": legacyDown, "no legacy": noLegacy, "another key": otherKey, "record gone": recordGone,
		"failed": release(0, 1, "failed"), "pending": release(1, 2, "pending-upgrade"), "none": release(0, 0, ""),
		"no registrations": func(s *snapshot.Snapshot) { s.Registrations = snapshot.Unknown[[]coder.Satellite](errNothing) },
		"no version":       func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Unknown[coder.Version](errNothing) },
		"v1.22":            func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.FactOf(coder.ParseVersion("1.22.0")) },
	}
	var names []string
	for name := range worlds {
		names = append(names, name)
	}
	slices.Sort(names)
	drawn := func(rt *rapid.T, label string) *snapshot.Snapshot {
		s := migrated(t)
		for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 3, rapid.ID).Draw(rt, label) {
			if s.Satellite.IsKnown() && s.Legacy.IsKnown() && s.Provider.IsKnown() && s.Legacy.Value().Release != nil { // unknown facts stay unknown
				worlds[name](s)
			}
		}
		return s
	}
	rapid.Check(t, func(rt *rapid.T) {
		operation := rapid.SampledFrom([]Operation{Migrate(false, Refuse), Retain(Refuse), Rollback(RollbackOptions{RemoveSatellite: true}), Remove(true), Finalize(false)}).Draw(rt, "operation")
		steps := []string{""}
		for _, step := range operation.Steps {
			steps = append(steps, step.Name)
		}
		failed := rapid.SampledFrom(steps).Draw(rt, "failed")
		r := journal.Record{
			Operation: operation.Name, Migrated: rapid.Bool().Draw(rt, "complete"), RegistrationID: rapid.SampledFrom([]string{"", "r"}).Draw(rt, "registration"),
			Retention: &journal.Ledger{Namespace: "coder", Release: "coder-workspace-provider", Revision: 1},
			Canary:    &journal.Canary{ID: "w", Proves: rapid.SampledFrom([]string{journal.ProvesSatellite, journal.ProvesFinalized, journal.ProvesLegacy}).Draw(rt, "proves"), Asked: rapid.Bool().Draw(rt, "asked")},
		}
		if rapid.Bool().Draw(rt, "before") {
			r.Before = &journal.Before{
				NetworkingV2:     rapid.SampledFrom([]*bool{nil, ptr.To(false), ptr.To(true)}).Draw(rt, "was"),
				SatelliteRecords: rapid.SampledFrom([]*int{nil, ptr.To(0), ptr.To(2)}).Draw(rt, "records"),
			}
		}
		s := situation{
			steps: operation.Steps, failed: failed, begun: rapid.SliceOfDistinct(rapid.SampledFrom(steps), rapid.ID).Draw(rt, "begun"),
			before: drawn(rt, "found"), now: drawn(rt, "now"), record: &r,
		}
		s.now.ProviderJournal, s.now.SatelliteJournal = snapshot.Known(&r), snapshot.Known(&r)
		todo, unknown := compensate(s)
		checkCompensation(rt, s, todo, unknown)
	})
}

func checkCompensation(t *rapid.T, s situation, todo []remedy, unknown []string) {
	networking := s.now.Networking()
	has := func(a act) bool { return slices.ContainsFunc(todo, func(r remedy) bool { return r.act == a }) }
	broken := newPath(s.now)
	switch {
	case has(switchOff) && todo[0].act != switchOff:
		t.Fatalf("the switch is not first: %v", worded(todo))
	case has(switchOff) && !unfinishedSwitch(s.record):
		t.Fatal("a switch is reverted that no unfinished migration made")
	case has(switchOff) && (networking == v1alpha1.NetworkingV2Off || networking == v1alpha1.NetworkingV2AlwaysOn):
		t.Fatalf("Networking v2 is %s, and is switched off", networking)
	case !has(switchOff) && s.mayBeOn() && s.failed != "" && !broken.holds():
		t.Fatalf("an unfinished switch stays on with a path that is not known to work: %v", broken.err())
	case !has(switchOff) && s.mayBeOn() && broken.broken != nil:
		t.Fatalf("an unfinished switch stays on with a broken path: %v", broken.broken)
	case s.failed == "" && len(todo) > 0 && (len(todo) > 1 || !has(switchOff)):
		t.Fatalf("a signal reverts %v", worded(todo))
	case has(uninstallRelease) && (!created(s.record) || networking != v1alpha1.NetworkingV2Off):
		t.Fatalf("a release is uninstalled that may be in use, or that was there before: %s", networking)
	case has(deleteRegistration) && (networking != v1alpha1.NetworkingV2Off || s.record.RegistrationID == ""):
		t.Fatalf("a registration is deleted that may be in use, or that is not ours: %s", networking)
	case has(revertRelease) && s.before.Satellite.Value().Revision == 0:
		t.Fatal("a release goes back to no revision")
	case slices.Contains(unknown, ""):
		t.Fatal("an unknown has no words")
	}
}
