package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// unregisterSatellite takes the satellite's key from the primary.
type unregisterSatellite struct {
	// force takes it although the provider uses Networking v2.
	force bool
}

func (unregisterSatellite) Name() string { return "unregister-satellite" }

func (unregisterSatellite) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemRegistrations, snapshot.ItemSatellite, snapshot.ItemEndpoint, snapshot.ItemProvider, snapshot.ItemJournal}
}

func (unregisterSatellite) Decide(s *snapshot.Snapshot) Decision {
	if !s.Registrations.IsKnown() {
		return blocked(fmt.Sprintf("the registered satellites could not be listed: %v", s.Registrations.Err()))
	}
	own, ok := ownRegistration(s)
	if !ok {
		return already("the satellite is not registered")
	}
	return change(fmt.Sprintf("delete the registration %q (%s)", own.Name, own.Fingerprint))
}

func (u unregisterSatellite) Apply(ctx context.Context, run *Run) error {
	if err := inUse(run.Now); err != nil && !u.force {
		return err
	}
	own, ok := ownRegistration(run.Now)
	if !ok {
		return nil
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	if err := run.Source.Primary.DeleteSatellite(commit, own.ID); err != nil && !coder.IsNotFound(err) {
		return err
	}
	run.Record.RegistrationID = ""
	return nil
}
