package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// awaitWorkspaces waits for the workspaces that primaries from v1.21.1 on rebuild after a switch, a few at a time. They do
// not prove the new path, which the canary does, and a failed build is its owner's concern.
func awaitWorkspaces() Step {
	return Step{
		Name: "await-workspaces", Owner: OwnerProvider,
		Reads:  []snapshot.Item{snapshot.ItemProvider, snapshot.ItemWorkspaces},
		Rights: primaryOnly,
		Decide: decideWorkspaces, Apply: applyWorkspaces,
	}
}

func decideWorkspaces(s *snapshot.Snapshot) Decision {
	record, recorded := s.ProviderJournal.Get()
	list, known := s.Workspaces.Get()
	switch {
	case recorded && (record == nil || record.Switched == nil):
		return already("no workspace waits for a rebuild after a switch")
	case !recorded || !known:
		return blocked("which workspaces are being built is unknown: %v", cmp.Or(s.ProviderJournal.Err(), s.Workspaces.Err()))
	}
	if building := len(workspaces.Rebuilding(list, record.Switched)); building > 0 {
		return check("wait for %s that the primary rebuilds after the switch", counted(building, "workspace"))
	}
	adoption, err := workspaces.AdoptionOf(s)
	if err != nil {
		return already("no workspace is being rebuilt; how many use the new path is unknown: %v", err)
	}
	return already("%s", workspaces.Describe(adoption))
}

// idleLooks is how many times in a row no build must be seen before all are considered done: there are gaps between builds.
const idleLooks = 3

// patience limits the wait for the primary's rebuilds. A region does not fail because one workspace takes longer.
const patience = 10 * time.Minute

func applyWorkspaces(ctx context.Context, run *Run) error {
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := awaitRebuilds(waiting, run)
	if err == nil || ctx.Err() != nil || !over(waiting) {
		return err
	}
	run.Progress("continuing without them: %v", err)
	doneWaiting(run.ProviderRecord)
	return nil
}

func awaitRebuilds(ctx context.Context, run *Run) error {
	idle := 0
	return run.until(ctx, "waiting for the primary's rebuilds", func() error {
		run.Refresh(ctx, snapshot.ItemWorkspaces)
		list, known := run.Now.Workspaces.Get()
		if !known {
			return answered(run.Now.Workspaces.Err())
		}
		if building := len(workspaces.Rebuilding(list, run.ProviderRecord.Switched)); building > 0 {
			idle = 0
			return fmt.Errorf("%s being built", counted(building, "workspace"))
		}
		if idle++; idle < idleLooks {
			return errors.New("no build is running at the moment")
		}
		return nil
	})
}

// doneWaiting forgets the workspaces of a switch: later builds have other reasons.
func doneWaiting(record *journal.Record) {
	if record.Switched != nil {
		record.Switched.Running = nil
	}
}
