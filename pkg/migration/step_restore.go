package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// restoreLegacy restores the record and the missing objects of a legacy release that somebody uninstalled. With force, it
// continues if some objects cannot be created again.
func restoreLegacy(force bool) Step {
	return Step{
		Name: "restore-legacy", Owner: OwnerProvider,
		Reads:  []snapshot.Item{snapshot.ItemLegacy},
		Rights: rightsToRestore,
		Decide: decideRestore,
		Forced: force,
		Apply: func(ctx context.Context, run *Run) error {
			commit, cancel := run.Commit(ctx)
			defer cancel()
			return restore(commit, run, force)
		},
	}
}

// rightsToRestore returns none unless the release was uninstalled.
func rightsToRestore(scope snapshot.Scope) []cluster.Rule {
	if !scope.Restore {
		return nil
	}
	return rightsToRetain(scope)
}

// throughPrimary is the reason in a region without a satellite: its users never used an envproxy.
const throughPrimary = "the users of this provider connect through the primary: there is no legacy release"

func decideRestore(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	switch {
	case s.Region.Satellite.None():
		return already(throughPrimary)
	case !known:
		return blocked("the legacy release could not be examined: %v", s.Legacy.Err())
	case state.Release == nil:
		return blocked("%s", state.Found.Explain())
	case state.Release.RecordMissing:
		return change(fmt.Sprintf("restore %s from its backup %s", state.Release, state.Release.Backup))
	default:
		return already("%s is complete, revision %d", state.Release, state.Release.Revision)
	}
}

// restore restores the record from its backup, and missing objects. Objects of APIs that the cluster no longer serves cannot
// come back; with force, it reports that and continues.
func restore(ctx context.Context, run *Run, force bool) error {
	lost := run.Source.Legacy(run.Now).Of(*run.Now.Legacy.Value().Release)
	if err := lost.RestoreRecord(ctx); err != nil {
		return err
	}
	_, err := lost.RecreateObjects(ctx)
	if err != nil && force {
		run.Progress("continuing without them because of --force: %v", err)
		return nil
	}
	return err
}

// bringBackLegacy restores the release in the ledger from its backup.
func (run *Run) bringBackLegacy(ctx context.Context) (string, error) {
	ledger := run.ProviderRecord.Retention
	release := legacy.Release{Namespace: ledger.Namespace, Name: ledger.Release, Backup: ledger.Backup, Ledger: ledger}
	release.Context = run.Source.Declared.Context
	if found := run.Initial.Legacy.Value().Release; found != nil {
		release = *found
	}
	lost := run.Source.Legacy(run.Now).Of(release)
	err := lost.RestoreRecord(ctx)
	_, objectsErr := lost.RecreateObjects(ctx)
	return "the legacy release is restored from its backup", errors.Join(err, objectsErr)
}
