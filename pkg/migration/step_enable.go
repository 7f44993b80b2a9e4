package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func enableNetworkingV2() Step {
	return Step{
		Name: stepEnable, Owner: OwnerProvider, Noticeable: true, ProvesNewPath: true,
		Reads:  []snapshot.Item{snapshot.ItemProvider, snapshot.ItemCanary, snapshot.ItemWorkspaces},
		Rights: primaryOnly,
		Decide: decideEnable, Note: noteEnable, Apply: applyEnable, Remedy: switchBack,
	}
}

const stepEnable = "enable-networking-v2"

func decideEnable(s *snapshot.Snapshot) Decision {
	provider := s.Provider.Value().Name
	switch s.Networking() {
	case v1alpha1.NetworkingV2On:
		return already("provider %q uses Networking v2", provider)
	case v1alpha1.NetworkingV2AlwaysOn:
		return already("a primary of v%s always uses Networking v2", s.Primary.Version.Value())
	case v1alpha1.NetworkingV2Off:
		return change(fmt.Sprintf("switch provider %q to Networking v2", provider), concerned(s)...)
	default:
		return blocked("%v", networkingUnknown(s, s.Provider))
	}
}

// noteEnable records that the switch was off, whatever the journal said before. From here on, the migration is incomplete.
func noteEnable(s *snapshot.Snapshot, record *journal.Record) {
	if record.Before == nil {
		record.Before = &journal.Before{}
	}
	record.Before.NetworkingV2, record.Migrated = new(false), false
	noteSwitch(s, record, true)
	expectRebuild(s, record, journal.ProvesSatellite)
}

func applyEnable(ctx context.Context, run *Run) error {
	run.Refresh(ctx, ruleItems()...)
	if err := context.Cause(ctx); err != nil {
		return err // otherwise missing facts would look like the reason
	}
	if err := mayUseNetworkingV2(run.Now); err != nil {
		return fmt.Errorf("not switched: %w", err)
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return switchNetworking(commit, run.Source.Primary, run.Now.Provider.Value(), true)
}

// switchBack decides about Networking v2 after a failure. why explains a switch that stays on although the rule may not hold.
func switchBack(s situation) (todo *remedy, why string) {
	off := &remedy{act: switchOff}
	path, back := newPath(s.now), wayBack(s.now)
	switch {
	case !s.mayBeOn():
		return nil, s.unexplained(path)
	case s.failed == "" && path.broken == nil: // a signal: the next run continues
		return nil, ""
	case s.failed == "", s.proving(), !path.holds():
		return off, ""
	case back.holds():
		return nil, ""
	case legacyServes(s.now):
		return off, ""
	default: // users would exchange a working path for one that may not work
		return nil, fmt.Sprintf("Networking v2 stays on, because the satellite answers and the legacy path is not known to: %v", back.err())
	}
}

// mayBeOn reports whether an incomplete migration has, or may have, switched this provider on.
func (s situation) mayBeOn() bool {
	if !unfinishedSwitch(s.record) {
		return false
	}
	switch s.now.Networking() {
	case v1alpha1.NetworkingV2On:
		return true
	case v1alpha1.NetworkingV2Unknown:
		return s.before.Networking() != v1alpha1.NetworkingV2Off || s.began(stepEnable)
	default:
		return false
	}
}

// unexplained explains why Networking v2 stays on although its path is broken: this migration did not switch it on.
func (s situation) unexplained(path judgement) string {
	if s.now.Networking() != v1alpha1.NetworkingV2On || path.broken == nil {
		return ""
	}
	if s.record.Before == nil || s.record.Before.NetworkingV2 == nil {
		return fmt.Sprintf("Networking v2 stays on, because no journal says that it was off before the migration: %v", path.broken)
	}
	return fmt.Sprintf("Networking v2 stays on, because this migration did not switch it on or was complete: %v", path.broken)
}
