package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

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

// uninstallSatellite uninstalls the satellite's release; with force, even if a provider uses it.
func uninstallSatellite(force bool) Step {
	return Step{
		Name: "uninstall-satellite", Owner: OwnerSatellite, Noticeable: true, Leaves: []string{pathSatellite, pathWorkspace},
		Reads:  []snapshot.Item{snapshot.ItemSatellite, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemUsers},
		Rights: func(scope snapshot.Scope) []cluster.Rule { return satellite.RightsToUninstall(scope.OfSatellite()) },
		Owned:  satelliteOwner, Decide: decideUninstall,
		Apply: func(_ context.Context, run *Run) error { return uninstall(run, force) },
	}
}

func satelliteOwner(s *snapshot.Snapshot) gitops.Owner { return s.Satellite.Value().Control.Owner }

func decideUninstall(s *snapshot.Snapshot) Decision {
	state, known := s.Satellite.Get()
	switch {
	case !known:
		return blocked("the satellite's release could not be examined: %v", s.Satellite.Err())
	case !state.Exists():
		return already("the satellite's release is not installed")
	case state.Control.Owner.Exists():
		refused := blocked("%s owns the satellite's release, and would install it again", state.Control.Owner)
		refused.Details = []string{"once no provider uses it (`" + s.Region.Command("rollback") + "`), delete " + state.Control.Owner.String() + " in Git, or run `" +
			state.Control.Owner.Command("delete", s.Region.Satellite.Context) + "`; then `" + s.Region.Command("remove") + "` deletes its registration"}
		return refused
	default:
		return change(fmt.Sprintf("uninstall the release %s/%s", s.Region.Satellite.Namespace, s.Region.Satellite.Release))
	}
}

func uninstall(run *Run, force bool) error {
	if err := inUse(run.Now); err != nil && !force {
		return err
	}
	return run.Source.Satellite().Uninstall()
}
