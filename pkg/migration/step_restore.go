package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// restoreLegacy brings back the legacy release's record, and objects of it that
// are missing, after somebody has uninstalled the release.
type restoreLegacy struct {
	// force goes on although some objects could not be created again.
	force bool
}

func (restoreLegacy) Name() string { return "restore-legacy" }

func (restoreLegacy) Reads() []snapshot.Item { return []snapshot.Item{snapshot.ItemLegacy} }

func (restoreLegacy) Decide(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return blocked(fmt.Sprintf("the legacy release could not be examined: %v", s.Legacy.Err()))
	case state.Release == nil:
		return blocked(state.Found.Explain())
	case state.Release.RecordMissing:
		return change(fmt.Sprintf("restore the record of %s from its backup %s", state.Release, state.Release.Backup))
	default:
		return already(fmt.Sprintf("the record of %s is there, revision %d", state.Release, state.Release.Revision))
	}
}

func (r restoreLegacy) Apply(ctx context.Context, run *Run) error {
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return restore(commit, run, r.force)
}

// restore brings back the record from its backup, and objects that are missing.
// Those of APIs that the cluster no longer serves cannot come back; forced, it
// says so and goes on.
func restore(ctx context.Context, run *Run, force bool) error {
	lost := run.Source.Legacy().Of(*run.Now.Legacy.Value().Release)
	if err := lost.RestoreRecord(ctx); err != nil {
		return err
	}
	_, err := lost.RecreateObjects(ctx)
	if err != nil && force {
		run.Progress("going on without, as --force asks: %v", err)
		return nil
	}
	return err
}
