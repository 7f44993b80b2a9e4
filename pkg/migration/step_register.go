package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// registerSatellite makes the primary trust the satellite's key.
func registerSatellite() Step {
	return Step{
		Name: stepRegister, Owner: OwnerSatellite,
		Reads:  []snapshot.Item{snapshot.ItemRegistrations, snapshot.ItemSatellite, snapshot.ItemEndpoint, snapshot.ItemJournal},
		Rights: primaryOnly,
		Decide: decideRegister, Apply: applyRegister, Remedy: revertRegister,
	}
}

const stepRegister = "register-satellite"

func decideRegister(s *snapshot.Snapshot) Decision {
	if !s.Registrations.IsKnown() {
		return blocked("the registered satellites could not be listed: %v", s.Registrations.Err())
	}
	if own, ok := s.Registration(); ok {
		return already("registered as %q with fingerprint %s", own.Name, own.Fingerprint)
	}
	other, taken := sameNamed(s)
	switch recorded, ok := s.RecordedRegistration(); {
	case ok:
		return check("%q is registered with the key that is restored first", recorded.Name)
	case taken && s.OwnFormerRegistration(other):
		return change(fmt.Sprintf("register %q at the primary again, in place of the former key %s", s.Region.Name, other.Fingerprint))
	case taken && s.Satellite.Value().Fingerprint != "":
		return blocked("the primary already lists a satellite %[1]q with another key (%[2]s). "+
			"If it is a former installation of this region, remove it with `coder satellites rm %[1]s` and run this again; "+
			"if it serves elsewhere, give this region another name", s.Region.Name, other.Fingerprint)
	}
	return change(fmt.Sprintf("register %q at the primary", s.Region.Name))
}

func sameNamed(s *snapshot.Snapshot) (coder.Satellite, bool) {
	return registered(s, func(r coder.Satellite) bool { return r.Name == s.Region.Name })
}

func applyRegister(ctx context.Context, run *Run) error {
	// Only the cluster's key is sent to the primary, and only if the access URL serves it.
	if same, err := run.Now.ServesOwnKey(); err != nil || !same {
		url := run.Source.Region.Satellite.AccessURL
		return errors.Join(fmt.Errorf("%s does not serve the key in the cluster's Secret: not registered", url), err)
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	if other, taken := sameNamed(run.Now); taken && run.Now.OwnFormerRegistration(other) {
		if err := run.deleteRegistration(commit, other.ID); err != nil {
			return fmt.Errorf("the registration of this region's former key could not be deleted: %w", err)
		}
	}
	created, err := run.Source.Primary.CreateSatellite(commit, run.Source.Region.Name, run.Now.Satellite.Value().PublicKey)
	if err == nil {
		run.SatelliteRecord.RegistrationID = created.ID
		return nil
	}
	// The registration may have been made although the answer was lost.
	run.Refresh(commit, snapshot.ItemRegistrations)
	if _, ok := run.Now.Registration(); ok {
		return nil
	}
	if is[*coder.Error](err) { // the primary answered
		return err
	}
	run.registering = true
	return fmt.Errorf("the primary did not answer, so whether it registered the satellite is unknown: %w", err)
}

func (run *Run) deleteRegistration(ctx context.Context, id string) error {
	if err := run.Source.Primary.DeleteSatellite(ctx, id); err != nil && !coder.IsNotFound(err) {
		return err
	}
	run.SatelliteRecord.RegistrationID = ""
	return nil
}

// revertRegister deletes a registration that the failed step made, if this migration created it and no user is on the
// satellite.
func revertRegister(s situation) (todo *remedy, why string) {
	if s.failed != stepRegister || !s.began(stepRegister) {
		return nil, ""
	}
	if !s.now.Registrations.IsKnown() {
		return nil, fmt.Sprintf("whether the satellite is registered is unknown: %v", s.now.Registrations.Err())
	}
	own := s.record.RegistrationID
	made, found := registered(s.now, func(r coder.Satellite) bool { return r.ID == own })
	if own == "" || !found || s.record.Before == nil || s.record.Before.RegistrationID == own {
		return nil, ""
	}
	if err := inUse(s.now); err != nil {
		return nil, fmt.Sprintf("the registration %q stays: %v", made.Name, err)
	}
	return &remedy{act: deleteRegistration, registration: own}, ""
}

// unregisterSatellite deletes the satellite's registration; with force, even if a provider uses it.
func unregisterSatellite(force bool) Step {
	return Step{
		Name: "unregister-satellite", Owner: OwnerSatellite, Leaves: []string{pathSatellite, pathWorkspace},
		Reads: []snapshot.Item{
			snapshot.ItemRegistrations, snapshot.ItemSatellite, snapshot.ItemEndpoint,
			snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemUsers,
		},
		Rights: primaryOnly,
		Decide: decideUnregister,
		Apply:  func(ctx context.Context, run *Run) error { return unregister(ctx, run, force) },
	}
}

func decideUnregister(s *snapshot.Snapshot) Decision {
	if !s.Registrations.IsKnown() {
		return blocked("the registered satellites could not be listed: %v", s.Registrations.Err())
	}
	own, ok := ownRegistration(s)
	if !ok {
		return already("the satellite is not registered")
	}
	return change(fmt.Sprintf("delete the registration %q (%s)", own.Name, own.Fingerprint))
}

func unregister(ctx context.Context, run *Run, force bool) error {
	if err := inUse(run.Now); err != nil && !force {
		return err
	}
	own, ok := ownRegistration(run.Now)
	if !ok {
		return nil
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return run.deleteRegistration(commit, own.ID)
}
