package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// removeLegacy removes the legacy release for good, except what Coder needs to provision workspaces.
func removeLegacy() Step {
	return Step{
		Name: stepRemoveLegacy, Owner: OwnerProvider, Noticeable: true, Leaves: []string{pathLegacy},
		Reads:  []snapshot.Item{snapshot.ItemLegacy, snapshot.ItemRemoval, snapshot.ItemCanary},
		Rights: rightsToRemoveLegacy,
		Owned:  legacyOwner, Decide: decideRemoveLegacy, Apply: applyRemoveLegacy, Remedy: revertRemoveLegacy,
		Note: func(s *snapshot.Snapshot, record *journal.Record) { // the canary is rebuilt even if this run dies in between
			expectRebuild(s, record, journal.ProvesFinalized)
		},
	}
}

const stepRemoveLegacy = "remove-legacy"

func rightsToRemoveLegacy(scope snapshot.Scope) []cluster.Rule {
	if scope.Legacy == "" {
		return nil
	}
	return append(legacy.RightsToRetain(scope.OfLegacy()), slices.Concat(legacy.RightsToRemove(scope.OfLegacy()), scope.LegacyOwner.Rights("get"))...)
}

func decideRemoveLegacy(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return blocked("the legacy release could not be examined: %v", s.Legacy.Err())
	case len(state.Found.Releases) == 0:
		return already("there is no legacy release (any more)")
	case state.Release == nil:
		return blocked("%s", state.Found.Explain())
	}
	control := state.Retention.Control
	if control.Owner.Tool == gitops.ArgoCD {
		unmark := shell.Kubectl(s.Declared.Context, "--namespace", state.Release.Namespace, "annotate", "deployment", state.Release.Deployment, gitops.Tracking+"-")
		return blocked("%s owns %s and would install it again: delete the Application in Git and with `%s`, then remove its mark with `%s`",
			control.Owner, state.Release, control.Owner.DeleteCommand(), unmark)
	}
	if acts := control.Acts(); acts != "" {
		return blocked("%s owns %s and would install it again (missing: %s): suspend it", control.Owner, state.Release, acts)
	}
	removal, known := s.Removal.Get()
	if !known {
		return blocked("cannot determine what would be removed: %v", s.Removal.Err())
	}
	var details []string
	if control.Owner.Exists() {
		details = append(details, fmt.Sprintf("%s stays suspended: delete it, since it would install the release again when resumed", control.Owner))
	}
	for _, object := range removal.Goes {
		details = append(details, "removed: "+object.String())
	}
	for _, kept := range removal.Stays {
		details = append(details, fmt.Sprintf("kept: %s (%s)", kept.Object, kept.Reason))
	}
	return change(fmt.Sprintf("remove the legacy release %s for good", state.Release), details...)
}

func applyRemoveLegacy(ctx context.Context, run *Run) error {
	// Nothing may cut Helm's uninstall off.
	_, err := run.Source.Legacy(run.Now).Of(*run.Now.Legacy.Value().Release).Remove(context.WithoutCancel(ctx), legacy.Options{
		Operator: run.Operator,
		Reason:   run.Options.Reason,
		Now:      run.Clock.Now(),
		Progress: func(message string) { run.Progress("%s", message) },
	}, run.Options.StepTimeout)
	return err
}

// revertRemoveLegacy restores the legacy release, even after a later step or run failed: only a successful finalize removes
// it for good.
func revertRemoveLegacy(s situation) (todo *remedy, why string) {
	if s.record.Retention == nil {
		return nil, ""
	}
	release := s.now.Legacy.Value().Release
	if !s.began(stepRemoveLegacy) && release != nil && !release.RecordMissing {
		return nil, ""
	}
	return &remedy{act: bringBackLegacy}, ""
}

// restoreLegacy restores the record and the missing objects of a legacy release that somebody uninstalled. With force, it
// continues if some objects cannot be created again.
func restoreLegacy(force bool) Step {
	return Step{
		Name: "restore-legacy", Owner: OwnerProvider,
		Reads: []snapshot.Item{snapshot.ItemLegacy},
		Rights: func(scope snapshot.Scope) []cluster.Rule {
			if !scope.Restore { // nobody uninstalled it
				return nil
			}
			return rightsToRetain(scope)
		},
		Decide: decideRestore,
		Forced: force,
		Apply: func(ctx context.Context, run *Run) error {
			commit, cancel := run.Commit(ctx)
			defer cancel()
			return restore(commit, run, force)
		},
	}
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
