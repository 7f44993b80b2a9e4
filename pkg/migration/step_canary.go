package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// rebuildCanary rebuilds one workspace after a change, to prove that
// workspaces work with it.
type rebuildCanary struct {
	// proves is what the rebuild proves.
	proves string
	// due tells, before the change, that it will call for a rebuild.
	due func(*snapshot.Snapshot) bool
}

func (rebuildCanary) Name() string { return "rebuild-canary" }

func (rebuildCanary) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemCanary, snapshot.ItemJournal}
}

func (r rebuildCanary) Decide(s *snapshot.Snapshot) Decision {
	record := s.Journal.Value()
	asked := record != nil && record.Canary != nil && record.Canary.Proves == r.proves
	if !asked && !r.due(s) {
		return already("nothing calls for a rebuild")
	}
	canary, known := s.Canary.Get()
	switch {
	case !known:
		return blocked(fmt.Sprintf("no canary could be chosen: %v", s.Canary.Err()))
	case canary.None:
		return already(canary.Reason)
	case rebuilt(record, canary.Workspace, r.proves):
		return already(fmt.Sprintf("workspace %q was rebuilt after the change", canary.Workspace.Name))
	}
	return change(
		fmt.Sprintf("rebuild workspace %q (%s)", canary.Workspace.Name, canary.Reason),
		"a rebuild destroys what the workspace holds outside its home directory",
	)
}

// rebuilt tells whether the workspace was rebuilt well since the journal noted
// its last build. Both times are the primary's: no clocks are compared.
func rebuilt(record *journal.Record, workspace coder.Workspace, proves string) bool {
	if record == nil || record.Canary == nil {
		return false
	}
	c := record.Canary
	// what was rebuilt without the legacy release was so by the satellite
	proven := c.Proves == proves || proves == journal.ProvesSatellite && c.Proves == journal.ProvesFinalized
	if c.ID != workspace.ID || !proven || !c.Asked {
		return false
	}
	// a workspace that was rebuilt well may have been switched off since
	return c.Rebuilt || !workspace.LastBuiltAt.Equal(c.BuiltBefore) && built(workspace)
}

// expectRebuild notes, before a change that calls for a rebuild of the canary,
// what its last build was. A build that begins from here on counts, whoever asks
// for it: from v1.21.1 on, Coder rebuilds a provider's workspaces itself when its
// networking is switched, and one rebuild destroys enough.
func expectRebuild(s *snapshot.Snapshot, record *journal.Record, proves string) {
	record.Canary = &journal.Canary{Proves: proves}
	canary, known := s.Canary.Get()
	if !known || canary.None {
		return
	}
	workspace := canary.Workspace
	record.Canary.ID, record.Canary.Name, record.Canary.BuiltBefore = workspace.ID, workspace.Name, workspace.LastBuiltAt
	record.Canary.Asked = !workspace.Updating // a build that runs already began before the change
}

// failedSince reports whether a build that began since this run made the switch
// has failed already. What failed in an earlier run is tried again.
func failedSince(initial *snapshot.Snapshot, canary *journal.Canary, w coder.Workspace) bool {
	switched := initial.Networking() == v1alpha1.NetworkingV2Off && canary.Proves == journal.ProvesSatellite
	return switched && canary.Asked && !w.Updating &&
		!w.LastBuiltAt.Equal(canary.BuiltBefore) && w.LatestStat.ContainerStatus == coder.ContainerFailed
}

func built(w coder.Workspace) bool {
	return !w.Updating && w.LatestStat.ContainerStatus == coder.ContainerOn
}

// Note records the canary's last build before the rebuild is asked for.
func (r rebuildCanary) Note(s *snapshot.Snapshot, record *journal.Record) {
	workspace := s.Canary.Value().Workspace
	if c := record.Canary; c != nil && c.ID == workspace.ID && c.Proves == r.proves && c.Asked {
		return // a rebuild that an earlier run asked for counts
	}
	record.Canary = &journal.Canary{
		ID: workspace.ID, Name: workspace.Name, Proves: r.proves, BuiltBefore: workspace.LastBuiltAt,
		Asked: !workspace.Updating, // a build that runs already may have begun before the change
	}
}

func (rebuildCanary) Apply(ctx context.Context, run *Run) error {
	workspace, canary := run.Now.Canary.Value().Workspace, run.Record.Canary
	if failedSince(run.Initial, canary, workspace) {
		return fmt.Errorf("the build of workspace %q that Coder began after the switch failed: %s", workspace.Name, workspace.LatestStat.StatError)
	}
	if workspace.Updating && !canary.Asked {
		settled, err := awaitForeignBuild(ctx, run, workspace)
		if err != nil {
			return err
		}
		// Not yet in the journal: after a crash from here on the next run
		// rebuilds once more, which does no harm.
		workspace, canary.Asked, canary.BuiltBefore = settled, true, settled.LastBuiltAt
	}
	if err := rebuildWorkspace(ctx, run, workspace); err != nil {
		return err
	}
	canary.Rebuilt = true
	return nil
}
