package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
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
	state, known := s.Satellite.Get()
	if !known {
		return blocked("the satellite's release could not be examined: %v", s.Satellite.Err())
	}
	spec, known := s.Spec.Get()
	if !known {
		return blocked("the satellite's values cannot be used: %v", s.Spec.Err())
	}
	chart, known := s.Chart.Get()
	if !known {
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
