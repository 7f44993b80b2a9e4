package migration

import (
	"errors"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// situation is all that compensation is decided from: what was found when the
// run began, what is so now, the journal, and what failed.
type situation struct {
	operation string
	// failed is the step that failed; empty if a signal ended the run.
	failed string
	// begun are the steps that this run began to apply.
	begun       []string
	before, now *snapshot.Snapshot
	record      *journal.Record
}

// act is what a remedy does.
type act int

const (
	switchOff act = iota
	uninstallRelease
	revertRelease
	deleteRegistration
	bringBackLegacy
	rebuildAgain
)

// remedy is one thing to do after a failure.
type remedy struct {
	act act
	// step is the step whose effect it reverts, as reports name it.
	step string
	// revision is the revision that revertRelease goes back to.
	revision int
	// registration is the ID that deleteRegistration deletes.
	registration string
}

// compensate decides what to do after a run ended early, in order, so that the
// rule holds again, and what could not be determined. It knows nothing of
// what the run meant to do: only of the facts. Retention is never reverted.
func compensate(s situation) (todo []remedy, unknown []string) {
	off, why := s.mustSwitchOff()
	if why != "" {
		unknown = append(unknown, why)
	}
	if off {
		todo = append(todo, remedy{act: switchOff, step: enableNetworkingV2{}.Name()})
	}
	if s.failed == "" { // the next run continues from what is there
		return todo, unknown
	}
	for _, part := range []func() (*remedy, string){s.registration, s.release, s.legacy, s.canary} {
		r, why := part()
		if r != nil {
			todo = append(todo, *r)
		}
		if why != "" {
			unknown = append(unknown, why)
		}
	}
	return todo, unknown
}

// unfinishedSwitch reports whether Networking v2, if it is on, was switched on
// by a migration that is not complete: the journal says that it was off before.
func unfinishedSwitch(record *journal.Record) bool {
	return record.Before != nil && record.Before.NetworkingV2 != nil && !*record.Before.NetworkingV2 && !record.Migrated
}

// mayBeOn reports whether this provider's switch is on, or may be on, because
// of a migration that is not complete.
func (s situation) mayBeOn() bool {
	if !unfinishedSwitch(s.record) {
		return false
	}
	switch s.now.Networking() {
	case v1alpha1.NetworkingV2On:
		return true
	case v1alpha1.NetworkingV2Unknown:
		return s.before.Networking() != v1alpha1.NetworkingV2Off || slices.Contains(s.begun, enableNetworkingV2{}.Name())
	default:
		return false
	}
}

// proving reports whether the failed step is one that proves the new path.
func (s situation) proving() bool {
	return s.operation == verbMigrate && slices.Contains([]string{
		enableNetworkingV2{}.Name(), rebuildCanary{}.Name(), verifyConnectivity{}.Name(),
	}, s.failed)
}

// mustSwitchOff decides about Networking v2, and says why if it is left on
// although the rule is not known to hold.
func (s situation) mustSwitchOff() (off bool, why string) {
	path, back := newPath(s.now), wayBack(s.now)
	if !s.mayBeOn() {
		return false, s.unexplained(path)
	}
	if s.failed == "" {
		return path.broken != nil, ""
	}
	switch {
	case s.proving(), !path.holds():
		return true, ""
	case back.holds():
		return false, ""
	case legacyServes(s.now):
		return true, ""
	default: // users would exchange a path that works for one that is not known to
		return false, fmt.Sprintf("Networking v2 stays on, because the satellite answers and the legacy path is not known to: %v", back.err())
	}
}

// unexplained says that Networking v2 is on with a broken path, and that the
// journal does not say who switched it on. Then it is not this migration's to revert.
func (s situation) unexplained(path judgement) string {
	if s.now.Networking() != v1alpha1.NetworkingV2On || path.broken == nil {
		return ""
	}
	if s.record.Before == nil || s.record.Before.NetworkingV2 == nil {
		return fmt.Sprintf("Networking v2 stays on, because no journal says that it was off before the migration: %v", path.broken)
	}
	return fmt.Sprintf("Networking v2 stays on, because this migration did not switch it on or was complete: %v", path.broken)
}

// registration deletes a registration that the failed step made, if this
// migration created it and no user is on the satellite.
func (s situation) registration() (*remedy, string) {
	if s.operation != verbMigrate || s.failed != (registerSatellite{}).Name() || !slices.Contains(s.begun, s.failed) {
		return nil, ""
	}
	list, known := s.now.Registrations.Get()
	if !known {
		return nil, fmt.Sprintf("whether the satellite is registered is unknown: %v", s.now.Registrations.Err())
	}
	there := func(r coder.Satellite) bool { return r.ID == s.record.RegistrationID }
	i := slices.IndexFunc(list, there)
	if s.record.RegistrationID == "" || i < 0 || s.record.Before == nil || s.record.Before.RegistrationID == s.record.RegistrationID {
		return nil, ""
	}
	if err := inUse(s.now); err != nil {
		return nil, fmt.Sprintf("the registration %q stays: %v", list[i].Name, err)
	}
	return &remedy{act: deleteRegistration, step: registerSatellite{}.Name(), registration: list[i].ID}, ""
}

// release reverts what this run did to the satellite's release. A failed
// installation is uninstalled only if this migration made its first record and
// no user is on the satellite; an upgrade goes back to the revision before if
// it failed or if users depended on that revision.
func (s situation) release() (*remedy, string) {
	step := installSatellite{}.Name()
	if s.operation != verbMigrate || !slices.Contains(s.begun, step) {
		return nil, ""
	}
	before, known := s.before.Satellite.Get()
	if !known {
		return nil, fmt.Sprintf("what the satellite's release was before is unknown, and it stays as it is: %v", s.before.Satellite.Err())
	}
	depended := before.LastRevision > 0 && inUse(s.before) != nil
	if s.failed != step && !depended {
		return nil, ""
	}
	now, known := s.now.Satellite.Get()
	switch {
	case !known:
		return nil, fmt.Sprintf("what became of the satellite's release is unknown, and it stays as it is: %v", s.now.Satellite.Err())
	case now.LastRevision == before.LastRevision && now.LastStatus == before.LastStatus:
		return nil, "" // whoever wrote that record, it was not this run
	case before.Revision > 0:
		return &remedy{act: revertRelease, step: step, revision: before.Revision}, ""
	case now.LastRevision == 0:
		return nil, ""
	case !created(s.record):
		return nil, fmt.Sprintf("the satellite's release stays as it is, %s at revision %d: it was there before this migration, with no revision to go back to", now.LastStatus, now.LastRevision)
	}
	if err := inUse(s.now); err != nil {
		return nil, fmt.Sprintf("the satellite's release stays as it is, %s at revision %d: %v", now.LastStatus, now.LastRevision, err)
	}
	return &remedy{act: uninstallRelease, step: step}, ""
}

// created reports whether this migration made the first record of the
// satellite's release. A journal that does not say so does not mean it.
func created(record *journal.Record) bool {
	return record.Before != nil && record.Before.SatelliteRecords != nil && *record.Before.SatelliteRecords == 0
}

// legacy brings the legacy release back after a finalize that failed.
func (s situation) legacy() (*remedy, string) {
	if s.operation != verbFinalize || s.record.Retention == nil {
		return nil, ""
	}
	release := s.now.Legacy.Value().Release
	if !slices.Contains(s.begun, removeLegacy{}.Name()) && release != nil && !release.RecordMissing {
		return nil, ""
	}
	return &remedy{act: bringBackLegacy, step: removeLegacy{}.Name()}, ""
}

// canary builds the canary again on the path that is in use, if it was built,
// or may have been, on one that this failure gives up.
func (s situation) canary() (*remedy, string) {
	asked := s.record.Canary != nil && s.record.Canary.Asked && s.record.Canary.ID != ""
	workspace := s.now.Canary.Value().Workspace
	if !asked || s.now.Canary.IsKnown() && !workspace.Updating && workspace.LastBuiltAt.Equal(s.record.Canary.BuiltBefore) {
		return nil, "" // it was not built since
	}
	again := &remedy{act: rebuildAgain, step: rebuildCanary{}.Name()}
	switch proves := s.record.Canary.Proves; {
	case s.operation == verbFinalize && proves == journal.ProvesFinalized && s.failed == again.step:
		return again, ""
	case s.operation == verbMigrate && proves == journal.ProvesSatellite && unfinishedSwitch(s.record) && s.now.Networking() == v1alpha1.NetworkingV2Off:
		return again, ""
	default:
		return nil, ""
	}
}

// stillOnError means that Networking v2 could not be switched off after a
// failure. It comes before everything else that a report says.
type stillOnError struct {
	provider   string
	why, cause error
}

func (e *stillOnError) Error() string {
	return fmt.Sprintf("NETWORKING V2 MAY STILL BE ON: provider %q could not be switched back: %v; this became necessary because of: %v", e.provider, e.why, e.cause)
}

func (e *stillOnError) Unwrap() error { return e.cause }

// isStillOn reports whether the run could not switch Networking v2 off.
func isStillOn(err error) bool {
	still := new(stillOnError)
	return errors.As(err, &still)
}
