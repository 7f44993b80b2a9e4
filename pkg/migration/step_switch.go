package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
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
	return run.switchTo(ctx, true)
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

// disableNetworkingV2 switches the provider back to the legacy path. was is the state before the migration according to the
// operator, for regions without a journal; nil for the journal's.
func disableNetworkingV2(was *bool) Step {
	return Step{
		Name: stepDisable, Owner: OwnerProvider, Noticeable: true, Leaves: []string{pathWorkspace},
		Reads:  []snapshot.Item{snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemCanary, snapshot.ItemWorkspaces},
		Rights: primaryOnly,
		Decide: func(s *snapshot.Snapshot) Decision { return decideDisable(s, was) },
		Note: func(s *snapshot.Snapshot, record *journal.Record) { // the canary is rebuilt even if this run dies in between
			noteSwitch(s, record, false)
			expectRebuild(s, record, journal.ProvesLegacy)
			record.Migrated = false
		},
		Apply: func(ctx context.Context, run *Run) error { return run.switchTo(ctx, false) },
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

// switchTo switches the provider on or off, which a signal must not cut off.
func (run *Run) switchTo(ctx context.Context, on bool) error {
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return switchNetworking(commit, run.Source.Primary, run.Now.Provider.Value(), on)
}

// noteSwitch records what later shows which workspaces were built since the switch that is about to be made.
func noteSwitch(s *snapshot.Snapshot, record *journal.Record, on bool) {
	list, known := s.Workspaces.Get()
	record.Switched = workspaces.Switched(on, s.Taken, list, known)
}

// switchNetworking sets the provider's flag, and reads it back to confirm that nothing else changed. This also makes up for a
// lost answer.
func switchNetworking(ctx context.Context, api *coder.Client, before coder.Provider, on bool) error {
	patchErr := api.SetNetworkingV2(ctx, before.ID, on)
	after, err := api.Provider(ctx, before.ID)
	switch made := err == nil && after.EnableNetV2 != nil && *after.EnableNetV2 == on; {
	case !made && patchErr != nil:
		return patchErr
	case err != nil:
		return fmt.Errorf("whether provider %q was switched could not be confirmed: %w", before.Name, err)
	case !made:
		return fmt.Errorf("the primary accepted the switch of provider %q, but did not make it", before.Name)
	}
	if changed := coder.ProviderChanges(before, after); len(changed) > 0 {
		return fmt.Errorf("when it switched provider %q, the primary also changed %v: compare with `coder providers ls`", before.Name, changed)
	}
	return nil
}
