package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// unregisterSatellite deletes the satellite's registration at the primary; with
// force, although the provider uses Networking v2.
func unregisterSatellite(force bool) Step {
	return Step{
		Name:   "unregister-satellite",
		Owner:  OwnerSatellite,
		Leaves: []string{pathSatellite, pathWorkspace},
		Reads: []snapshot.Item{
			snapshot.ItemRegistrations, snapshot.ItemSatellite, snapshot.ItemEndpoint, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemUsers,
		},
		Rights: primaryOnly,
		Decide: decideUnregister,
		Apply:  func(ctx context.Context, run *Run) error { return unregister(ctx, run, force) },
	}
}

func decideUnregister(s *snapshot.Snapshot) Decision {
	if !s.Registrations.IsKnown() {
		return blocked(fmt.Sprintf("the registered satellites could not be listed: %v", s.Registrations.Err()))
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
