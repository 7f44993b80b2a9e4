package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	if c.ID != workspace.ID || c.Proves != proves || !c.Asked {
		return false
	}
	// a workspace that was rebuilt well may have been switched off since
	return c.Rebuilt || !workspace.LastBuiltAt.Equal(c.BuiltBefore) && built(workspace)
}

// expectRebuild notes that a change which is about to be made calls for a
// rebuild of the canary, so that a later run knows it, too.
func expectRebuild(record *journal.Record, proves string) {
	if record.Canary == nil || record.Canary.Proves != proves {
		record.Canary = &journal.Canary{Proves: proves}
	}
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
		ID: workspace.ID, Name: workspace.Name, Proves: r.proves, Asked: true, BuiltBefore: workspace.LastBuiltAt,
	}
}

func (rebuildCanary) Apply(ctx context.Context, run *Run) error {
	if err := rebuildWorkspace(ctx, run, run.Now.Canary.Value().Workspace); err != nil {
		return err
	}
	run.Record.Canary.Rebuilt = true
	return nil
}

// rebuildWorkspace rebuilds the workspace, unless a build is under way, and
// follows the build to its end.
func rebuildWorkspace(ctx context.Context, run *Run, workspace coder.Workspace) error {
	api := run.Source.Primary
	// The log is opened first so that no message is missed. Without it (a proxy
	// may not pass WebSockets) the workspace itself tells when the build is over.
	watch, watchErr := api.WatchBuild(ctx, workspace.ID)
	if watchErr == nil {
		defer watch.Close()
	}
	if !workspace.Updating {
		commit, cancel := run.Commit(ctx)
		err := api.Rebuild(commit, workspace.ID)
		cancel()
		if err != nil {
			now, readErr := api.Workspace(ctx, workspace.ID)
			// the answer may be lost although the build began
			if readErr != nil || (!now.Updating && now.LastBuiltAt.Equal(workspace.LastBuiltAt)) {
				return fmt.Errorf("workspace %q could not be rebuilt: %w", workspace.Name, err)
			}
		}
	}
	if watchErr == nil {
		if err := followBuild(ctx, run, watch); err != nil {
			return fmt.Errorf("the build of workspace %q failed: %w", workspace.Name, err)
		}
	}
	return waitBuilt(ctx, run, workspace)
}

// followBuild reports the build's messages until it is over. A log that breaks
// off is no failure: the workspace's own state decides.
func followBuild(ctx context.Context, run *Run, watch *coder.BuildWatch) error {
	var failure string
	for {
		message, err := watch.Next(ctx)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			return nil
		}
		switch message.Type {
		case coder.BuildError:
			failure = message.Message
		case coder.BuildDone:
			if failure != "" {
				return errors.New(failure)
			}
			return nil
		default:
			run.Progress("%s", message.Message)
		}
	}
}

// waitBuilt waits until the workspace is on and no longer updating.
func waitBuilt(ctx context.Context, run *Run, before coder.Workspace) error {
	ticker := run.Clock.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		now, err := run.Source.Primary.Workspace(ctx, before.ID)
		switch {
		case err != nil && ctx.Err() == nil:
			return err
		case err == nil && !now.Updating && now.LatestStat.ContainerStatus == coder.ContainerFailed:
			return fmt.Errorf("the build of workspace %q failed: %s", before.Name, now.LatestStat.StatError)
		case err == nil && built(now) && !now.LastBuiltAt.Equal(before.LastBuiltAt):
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the build of workspace %q: %w", before.Name, context.Cause(ctx))
		case <-ticker.C():
		}
	}
}

// Undo builds the canary again on the path that is now in use. The engine runs
// it after the switch was taken back.
func (r rebuildCanary) Undo(ctx context.Context, run *Run) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	canary := run.Now.Canary.Value()
	workspace, err := run.Source.Primary.Workspace(ctx, canary.Workspace.ID)
	if err != nil {
		return "", err
	}
	if err := rebuildWorkspace(ctx, run, workspace); err != nil {
		return "", err
	}
	run.Record.Canary = &journal.Canary{ID: workspace.ID, Name: workspace.Name, Proves: journal.ProvesLegacy, Asked: true, Rebuilt: true}
	if r.proves == journal.ProvesFinalized {
		return fmt.Sprintf("workspace %q is rebuilt, with the legacy release restored", workspace.Name), nil
	}
	return fmt.Sprintf("workspace %q is rebuilt on the legacy path", workspace.Name), nil
}
