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
	control := state.Control
	switch {
	case !known:
		return blocked("the satellite's release could not be examined: %v", s.Satellite.Err())
	case control.Owner.Exists() && !control.Declared && (state.Workload || state.Exists()): // also if Helm's record is elsewhere
		refused := blocked("%s owns the satellite's release, and would install it again", control.Owner)
		refused.Details = toRemoveOwned(s, state)
		return refused
	case !state.Exists():
		return already("the satellite's release is not installed")
	case control.Owner.Exists():
		refused := blocked("the Fleet says that %s is to own the satellite's release, but it does not", control.Owner)
		refused.Details = []string{"set managedBy: helm in the Fleet (or --satellite helm), or leave it out; then `" + s.Region.Command("remove") + "` uninstalls the release"}
		return refused
	default:
		return change(fmt.Sprintf("uninstall the release %s/%s", s.Region.Satellite.Namespace, s.Region.Satellite.Release))
	}
}

// toRemoveOwned says how a satellite that a controller owns is removed. The marks may outlive the controller's object.
func toRemoveOwned(s *snapshot.Snapshot, state satellite.State) []string {
	owner, site, remove := state.Control.Owner, s.Region.Satellite, "`"+s.Region.Command("remove")+"`"
	ways := []string{"once no provider uses it (`" + s.Region.Command("rollback") + "`), delete " + owner.String() + " in Git, and then run `" +
		owner.Command("delete", site.Context) + "` if it is still there; then " + remove + " deletes its registration"}
	if state.Workload && state.Control.Absent() {
		ways = append(ways, "it is not in this cluster: if it is in no other either, remove its mark with `"+
			owner.UnmarkCommand(site.Context, site.Namespace, satellite.Workload)+"`, then run "+remove)
	}
	return ways
}

func uninstall(run *Run, force bool) error {
	if err := inUse(run.Now); err != nil && !force {
		return err
	}
	return run.Source.Satellite().Uninstall()
}
