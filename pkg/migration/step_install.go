package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// installSatellite installs or upgrades the satellite's release and waits until it is ready.
func installSatellite() Step {
	return Step{
		Name: stepInstall, Owner: OwnerSatellite,
		Reads:  []snapshot.Item{snapshot.ItemSatellite, snapshot.ItemChart},
		Rights: func(scope snapshot.Scope) []cluster.Rule { return satellite.RightsToInstall(scope.OfSatellite()) },
		Owned:  satelliteOwner, Decide: decideInstall, Show: showRendering, Apply: applyInstall, Remedy: revertInstall,
	}
}

const stepInstall = "install-satellite"

func decideInstall(s *snapshot.Snapshot) Decision {
	state, spec, chart := s.Satellite.Value(), s.Spec.Value(), s.Chart.Value()
	switch {
	case !s.Satellite.IsKnown():
		return blocked("the satellite's release could not be examined: %v", s.Satellite.Err())
	case !s.Spec.IsKnown():
		return blocked("the satellite's values cannot be used: %v", s.Spec.Err())
	case !s.Chart.IsKnown():
		return blocked("the satellite's chart cannot be used: %v", s.Chart.Err())
	}
	same, differences := state.Matches(spec, chart)
	site := s.Region.Satellite
	wanted := fmt.Sprintf("%s %s as %s/%s", chart.Metadata.Name, chart.Metadata.Version, site.Namespace, site.Release)
	owner, missing := state.Control.Owner, error(nil)
	if owner.Exists() {
		missing = awaited(s)
	}
	switch declared := site.ManagedBy; {
	case owner.Exists() && declared != "" && declared != owner.Tool.Word():
		return blocked("the Fleet says that %s manages the satellite (managedBy), but %s owns it: correct the Fleet, or take the release from it", declared, owner)
	case state.LostKey():
		restore := "restore the Secret with the satellite's key, %s, from Helm's record of revision %d"
		return change(fmt.Sprintf(restore, state.RecordedFingerprint, state.Revision), differences...)
	case missing != nil:
		return check("wait until %s has installed %s: %v", owner, wanted, missing)
	case owner.Exists():
		return already("%s is deployed and ready, by %s%s", wanted, owner, unsure(state.Control))
	case same && state.Ready:
		return already("%s is deployed and ready, revision %d", wanted, state.Revision)
	case same:
		return check("%s is deployed; wait until it is ready: %s", wanted, state.Blocker)
	case state.Pending != nil:
		return change(fmt.Sprintf("finish %s: an earlier Helm run left it %s", wanted, state.LastStatus), differences...)
	case state.Revision == 0:
		return change("install "+wanted, differences...)
	default:
		return change(fmt.Sprintf("upgrade to %s from revision %d", wanted, state.Revision), differences...)
	}
}

func showRendering(s *snapshot.Snapshot, plan *v1alpha1.StepPlan) {
	rendering := s.Rendering.Value()
	plan.Diff = rendering.Diff
	plan.Details = append(plan.Details, rendering.Objects...)
}

func applyInstall(ctx context.Context, run *Run) error {
	options := satellite.Options{
		Clock:    run.Clock,
		Progress: func(message string) { run.Progress("%s", message) },
		// This run holds the lock, so every earlier run that the journal knows has ended.
		MayClearPending: len(run.SatelliteRecord.History) > 0,
	}
	spec := run.Now.Spec.Value()
	if run.Now.Satellite.Value().LostKey() {
		run.Progress("restoring the Secret with the satellite's key")
		commit, cancel := run.Commit(ctx)
		err := run.Source.Satellite().RestoreKey(commit)
		cancel()
		if err != nil {
			return fmt.Errorf("the Secret with the satellite's key could not be restored: %w", err)
		}
	}
	if run.Now.Satellite.Value().Control.Owner.Exists() {
		return awaitOwner(ctx, run, options)
	}
	if same, _ := run.Now.Satellite.Value().Matches(spec, run.Now.Chart.Value()); same {
		err := run.Source.Satellite().Wait(ctx, options)
		if blocked := new(satellite.BlockedError); !errors.As(err, &blocked) || !blocked.Hopeless || ctx.Err() != nil {
			return err
		}
		// The record is right, but somebody changed the objects.
		run.Progress("applying the chart again, because waiting does not help: %v", err)
	}
	_, err := run.Source.Satellite().Apply(ctx, spec, run.Now.Chart.Value(), options)
	return err
}

// revertInstall reverts this run's change of the satellite's release. A failed installation is uninstalled only if this
// migration created its first record and no user is on the satellite. An upgrade is rolled back to the previous revision if
// it failed or if users depended on that revision.
func revertInstall(s situation) (todo *remedy, why string) {
	if !s.began(stepInstall) {
		return nil, ""
	}
	if owner := cmp.Or(s.now.Satellite.Value().Control.Owner, s.before.Satellite.Value().Control.Owner); owner.Exists() {
		if now, known := s.now.Satellite.Get(); known && !now.Exists() && !now.Workload {
			return nil, "" // it was never installed
		}
		return nil, fmt.Sprintf("the satellite's release stays as it is: %s owns it", owner)
	}
	before, known := s.before.Satellite.Get()
	if !known {
		return nil, fmt.Sprintf("the satellite's release stays as it is, because its earlier state is unknown: %v", s.before.Satellite.Err())
	}
	depended := before.LastRevision > 0 && inUse(s.before) != nil
	if s.failed != stepInstall && !depended {
		return nil, ""
	}
	now, known := s.now.Satellite.Get()
	switch {
	case !known:
		return nil, fmt.Sprintf("the satellite's release stays as it is, because its present state is unknown: %v", s.now.Satellite.Err())
	case now.LastRevision == before.LastRevision && now.LastStatus == before.LastStatus:
		return nil, "" // this run wrote no record
	case before.Revision > 0:
		return &remedy{act: revertRelease, revision: before.Revision}, ""
	case now.LastRevision == 0:
		return nil, ""
	}
	stays := inUse(s.now)
	if !created(s.record) {
		stays = errors.New("it was there before this migration, with no revision to go back to")
	}
	if stays != nil {
		return nil, fmt.Sprintf("the satellite's release stays as it is, %s at revision %d: %v", now.LastStatus, now.LastRevision, stays)
	}
	return &remedy{act: uninstallRelease}, ""
}

// created reports whether this migration made the first record of the satellite's release, as far as the journal says so.
func created(record *journal.Record) bool {
	return record.Before != nil && record.Before.SatelliteRecords != nil && *record.Before.SatelliteRecords == 0
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
