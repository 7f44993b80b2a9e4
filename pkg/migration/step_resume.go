package migration

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// resumeOwner resumes Flux's reconciliation of the legacy release if an earlier run suspended it. It is the last step of a
// provider: Flux then upgrades the release, which undoes the retention.
func resumeOwner() Step {
	return Step{
		Name: "resume-flux", Owner: OwnerProvider,
		Reads:  []snapshot.Item{snapshot.ItemProvider, snapshot.ItemLegacy},
		Rights: func(scope snapshot.Scope) []cluster.Rule { return scope.LegacyOwner.Rights("get", "patch") },
		Owned:  legacyOwner, Decide: decideResume, Apply: applyResume,
	}
}

func decideResume(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	control, record := state.Retention.Control, s.ProviderJournal.Value()
	switch {
	case !known:
		return blocked("the legacy release could not be examined: %v", s.Legacy.Err())
	case !control.Owner.Exists():
		return already("no GitOps controller owns the legacy release")
	case control.Err != nil:
		return blocked("%s cannot be resumed: %v; roll back without --gitops resume", control.Owner, control.Err)
	case control.Unsuspended():
		return already("%s is not suspended", control.Owner)
	case record == nil || record.Suspended != control.Owner.String():
		return already("%s stays suspended: no run of the plugin suspended it", control.Owner)
	}
	return change("resume "+control.Owner.String(), "Flux then upgrades the legacy release, which undoes the retention")
}

func applyResume(ctx context.Context, run *Run) error {
	if run.Now.Networking() != v1alpha1.NetworkingV2Off {
		return errors.New("the legacy release must stay retained: Networking v2 is not off, or this is unknown")
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	if err := run.Now.Legacy.Value().Retention.Control.SetSuspended(commit, run.Source.ProviderSite.Dynamic(), false); err != nil {
		return err
	}
	run.ProviderRecord.Suspended = ""
	return nil
}
