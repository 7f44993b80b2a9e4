package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// restoreLegacy brings back the legacy release's record, and objects of it that
// are missing, after somebody has uninstalled the release. With force it
// continues although some objects could not be created again.
func restoreLegacy(force bool) Step {
	return Step{
		Name:   "restore-legacy",
		Owner:  OwnerProvider,
		Reads:  []snapshot.Item{snapshot.ItemLegacy},
		Rights: rightsToRestore,
		Decide: decideRestore,
		Apply: func(ctx context.Context, run *Run) error {
			commit, cancel := run.Commit(ctx)
			defer cancel()
			return restore(commit, run, force)
		},
	}
}

// rightsToRestore are none where the release was not uninstalled.
func rightsToRestore(scope snapshot.Scope) []cluster.Rule {
	if !scope.Restore {
		return nil
	}
	return rightsToRetain(scope)
}

// throughPrimary is said of a region without a satellite: its users never used an envproxy.
const throughPrimary = "the users of this provider connect through the primary: there is no legacy release"

func decideRestore(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	switch {
	case s.Region.Satellite.None():
		return already(throughPrimary)
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
