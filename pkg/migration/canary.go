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
