package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// disableNetworkingV2 switches the provider back to the legacy path. was is the state before the migration according to the
// operator, for regions without a journal; nil for the journal's.
func disableNetworkingV2(was *bool) Step {
	return Step{
		Name: stepDisable, Owner: OwnerProvider, Noticeable: true, Leaves: []string{pathWorkspace},
		Reads:  []snapshot.Item{snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemCanary, snapshot.ItemWorkspaces},
		Rights: primaryOnly,
		Decide: func(s *snapshot.Snapshot) Decision { return decideDisable(s, was) },
		Note:   noteDisable, Apply: applyDisable,
	}
}

const stepDisable = "disable-networking-v2"

func decideDisable(s *snapshot.Snapshot, operator *bool) Decision {
	provider := s.Provider.Value().Name
	switch s.Networking() {
	case v1alpha1.NetworkingV2Off:
		return already("provider %q is on the legacy path (Networking v2 is off)", provider)
	case v1alpha1.NetworkingV2AlwaysOn:
		return blocked("a primary of v%s always uses Networking v2: there is no legacy path to go back to", s.Primary.Version.Value())
	case v1alpha1.NetworkingV2On:
	default:
		return blocked("%v", networkingUnknown(s, s.Provider))
	}
	was := operator
	if record := s.ProviderJournal.Value(); was == nil && record != nil && record.Before != nil {
		was = record.Before.NetworkingV2
	}
	switch {
	case was == nil:
		return blocked("Networking v2 is on, and no journal says what it was before the migration: if it was off, add --networking-v2-was off")
	case *was:
		return blocked("Networking v2 was on before the migration, so there is no legacy path to go back to: " +
			"--networking-v2-was off switches it off regardless")
	default:
		return change(fmt.Sprintf("switch provider %q back to the legacy path (Networking v2 off)", provider), concerned(s)...)
	}
}

// noteDisable makes sure that the canary is rebuilt even if this run dies in between.
func noteDisable(s *snapshot.Snapshot, record *journal.Record) {
	noteSwitch(s, record, false)
	expectRebuild(s, record, journal.ProvesLegacy)
	record.Migrated = false
}

func applyDisable(ctx context.Context, run *Run) error {
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return switchNetworking(commit, run.Source.Primary, run.Now.Provider.Value(), false)
}
