package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
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

// ownRegistration is the registration of the satellite's key or, when the key
// is gone with the release, the one that the journal names.
func ownRegistration(s *snapshot.Snapshot) (coder.Satellite, bool) {
	if own, ok := s.Registration(); ok {
		return own, true
	}
	record := s.Journal.Value()
	if record == nil || record.RegistrationID == "" {
		return coder.Satellite{}, false
	}
	for _, r := range s.Registrations.Value() {
		if r.ID == record.RegistrationID {
			return r, true
		}
	}
	return coder.Satellite{}, false
}

// inUse returns an error while the region's users depend on the satellite.
func inUse(s *snapshot.Snapshot) error {
	switch s.Networking() {
	case v1alpha1.NetworkingV2Off:
		return nil
	case v1alpha1.NetworkingV2Unknown:
		return errors.New(networkingUnknown(s))
	case v1alpha1.NetworkingV2AlwaysOn:
		return fmt.Errorf("a primary of v%s always uses Networking v2, and no other satellite serves provider %q: without it the region's users would be cut off", s.Primary.Version.Value(), s.Provider.Value().Name)
	default:
		return fmt.Errorf("provider %q uses Networking v2, and no other satellite serves it: `%s` first", s.Provider.Value().Name, s.Region.Command("rollback"))
	}
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

func (unregisterSatellite) Undo(context.Context, *Run) (string, error) {
	return "the satellite stays as it is; `migrate` registers it again", nil
}
