package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// rebuildCanary rebuilds one workspace after a change, to prove that workspaces work with it. proves is one of journal's
// Proves constants; due reports, before the change, whether it will call for a rebuild.
func rebuildCanary(proves string, due func(*snapshot.Snapshot) bool) Step {
	r := canaryRebuild{proves, due}
	return Step{
		Name: stepCanary, Owner: OwnerProvider, ProvesNewPath: proves == journal.ProvesSatellite,
		Reads:  []snapshot.Item{snapshot.ItemCanary, snapshot.ItemJournal},
		Rights: primaryOnly,
		Decide: r.decide, Note: r.note, Apply: r.apply, Remedy: r.repeat,
	}
}

const stepCanary = "rebuild-canary"

type canaryRebuild struct {
	proves string
	due    func(*snapshot.Snapshot) bool
}

func (r canaryRebuild) decide(s *snapshot.Snapshot) Decision {
	record := s.ProviderJournal.Value()
	asked := record != nil && record.Canary != nil && record.Canary.Proves == r.proves
	if !asked && !r.due(s) {
		return already("no rebuild is needed")
	}
	canary, known := s.Canary.Get()
	switch {
	case !known:
		return blocked("no canary could be chosen: %v", s.Canary.Err())
	case canary.None:
		return already("%s", canary.Reason)
	case rebuilt(record, canary.Workspace, r.proves):
		return already("workspace %q was rebuilt after the change", canary.Workspace.Name)
	}
	return change(
		fmt.Sprintf("rebuild workspace %q (%s)", canary.Workspace.Name, canary.Reason),
		"a rebuild destroys what the workspace holds outside its home directory",
	)
}

// note records the canary's last build before the rebuild.
func (r canaryRebuild) note(s *snapshot.Snapshot, record *journal.Record) {
	if c := record.Canary; c != nil && c.ID == s.Canary.Value().Workspace.ID && c.Proves == r.proves && c.Asked {
		return // a rebuild that an earlier run requested counts
	}
	expectRebuild(s, record, r.proves)
}

func (canaryRebuild) apply(ctx context.Context, run *Run) error {
	workspace, canary := run.Now.Canary.Value().Workspace, run.ProviderRecord.Canary
	if failedSince(run.Initial, canary, workspace) {
		reason := workspace.LatestStat.StatError
		return fmt.Errorf("the build of workspace %q that Coder started after the switch failed: %s", workspace.Name, reason)
	}
	if workspace.Updating && !canary.Asked {
		settled, err := awaitForeignBuild(ctx, run, workspace)
		if err != nil {
			return err
		}
		// Not in the journal yet: after a crash, the next run rebuilds once more, which does no harm.
		workspace, canary.Asked, canary.BuiltBefore = settled, true, settled.LastBuiltAt
	}
	if err := run.builder().Rebuild(ctx, workspace); err != nil {
		return err
	}
	canary.Rebuilt = true
	return nil
}

// repeat builds the canary again on the path in use if it was, or may have been, built on a path that this failure gives up.
func (r canaryRebuild) repeat(s situation) (todo *remedy, why string) {
	canary := s.record.Canary
	if canary == nil || !canary.Asked || canary.ID == "" || canary.Proves != r.proves {
		return nil, ""
	}
	workspace := s.now.Canary.Value().Workspace
	if s.now.Canary.IsKnown() && !workspace.Updating && workspace.LastBuiltAt.Equal(canary.BuiltBefore) {
		return nil, "" // it has not been built since
	}
	legacyAgain := r.proves == journal.ProvesFinalized && s.failed == stepCanary
	switchedBack := r.proves == journal.ProvesSatellite && unfinishedSwitch(s.record) && s.now.Networking() == v1alpha1.NetworkingV2Off
	if !legacyAgain && !switchedBack {
		return nil, ""
	}
	return &remedy{act: rebuildAgain}, ""
}

// rebuilt reports whether the workspace was rebuilt successfully since the journal recorded its last build. Both times are
// the primary's.
func rebuilt(record *journal.Record, workspace coder.Workspace, proves string) bool {
	if record == nil || record.Canary == nil {
		return false
	}
	c := record.Canary
	// A rebuild without the legacy release used the satellite.
	proven := c.Proves == proves || proves == journal.ProvesSatellite && c.Proves == journal.ProvesFinalized
	if c.ID != workspace.ID || !proven || !c.Asked {
		return false
	}
	// A workspace may have been switched off after its rebuild.
	return c.Rebuilt || !workspace.LastBuiltAt.Equal(c.BuiltBefore) && workspaces.Built(workspace)
}

// expectRebuild records the canary's last build before a change that calls for a rebuild. Any later build counts, whoever
// starts it: from v1.21.1 on, Coder itself rebuilds a provider's workspaces after a switch, and one rebuild destroys enough.
func expectRebuild(s *snapshot.Snapshot, record *journal.Record, proves string) {
	record.Canary = &journal.Canary{Proves: proves}
	canary, known := s.Canary.Get()
	if !known || canary.None {
		return
	}
	workspace := canary.Workspace
	record.Canary.ID, record.Canary.Name, record.Canary.BuiltBefore = workspace.ID, workspace.Name, workspace.LastBuiltAt
	record.Canary.Asked = !workspace.Updating // a build in progress began before the change
}

// failedSince reports whether a build that started after this run's switch has failed. Failures of earlier runs do not count.
func failedSince(initial *snapshot.Snapshot, canary *journal.Canary, w coder.Workspace) bool {
	switched := initial.Networking() == v1alpha1.NetworkingV2Off && canary.Proves == journal.ProvesSatellite
	return switched && canary.Asked && !w.Updating &&
		!w.LastBuiltAt.Equal(canary.BuiltBefore) && w.LatestStat.ContainerStatus == coder.ContainerFailed
}

func (run *Run) builder() workspaces.Builder {
	return workspaces.Builder{API: run.Source.Primary, Clock: run.Clock, Progress: run.Progress}
}

// awaitForeignBuild waits until a build that somebody else started has ended, successfully or not, and returns the workspace.
func awaitForeignBuild(ctx context.Context, run *Run, workspace coder.Workspace) (coder.Workspace, error) {
	var now coder.Workspace
	what := fmt.Sprintf("waiting for the build of workspace %q that is in progress", workspace.Name)
	err := run.until(ctx, what, func() (err error) {
		if now, err = run.Source.Primary.Workspace(ctx, workspace.ID); err != nil {
			return answered(err)
		}
		if now.Updating {
			return errors.New("somebody else started it, and it has not finished")
		}
		return nil
	})
	return now, err
}
