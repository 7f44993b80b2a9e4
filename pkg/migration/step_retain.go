package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// retainLegacy makes the legacy release survive until it is removed on purpose. Retention is never reverted: it harms
// nothing, and the next run continues from it. Flux would upgrade a release that it owns: its HelmRelease must be
// suspended, which the step does with suspend, and stays so.
func retainLegacy(suspend bool) Step {
	return Step{
		Name: "retain-legacy", Owner: OwnerProvider,
		Reads: []snapshot.Item{snapshot.ItemLegacy, snapshot.ItemJournal},
		Rights: func(scope snapshot.Scope) []cluster.Rule {
			rules := append(rightsToRetain(scope), scope.LegacyOwner.Rights("get")...)
			if suspend {
				rules = append(rules, scope.LegacyOwner.Rights("patch")...)
			}
			return rules
		},
		Decide: func(s *snapshot.Snapshot) Decision { return decideRetain(s, suspend) },
		Owned:  legacyOwner,
		Note: func(s *snapshot.Snapshot, record *journal.Record) {
			if control := s.Legacy.Value().Retention.Control; control.Unsuspended() {
				record.Suspended = control.Owner.String()
			}
		},
		Apply: applyRetain,
	}
}

// rightsToRetain includes the rights to restore if the release was uninstalled.
func rightsToRetain(scope snapshot.Scope) []cluster.Rule {
	if scope.Legacy == "" {
		return nil
	}
	rules := legacy.RightsToRetain(scope.OfLegacy())
	if scope.Restore {
		rules = append(rules, legacy.RightsToRestore(scope.OfLegacy())...)
	}
	return rules
}

func decideRetain(s *snapshot.Snapshot, suspend bool) Decision {
	missing, err := missingRetention(s)
	release, control := s.Legacy.Value().Release, s.Legacy.Value().Retention.Control
	switch {
	case s.Region.Satellite.None():
		return already(throughPrimary)
	case err != nil:
		return blocked("%v", err)
	case release == nil && s.Legacy.Value().Found.Unusable:
		return already("there is nothing to retain: %s", s.Legacy.Value().Found.Explain())
	case release == nil:
		return already("there is no legacy release (any more)")
	case len(missing) == 0:
		return already("%s/%s revision %d is retained", release.Namespace, release.Name, release.Revision)
	case control.Err != nil:
		return blocked("%s owns %s, and it is not certain that it leaves it alone: %v", control.Owner, release, control.Err)
	case !suspend && control.Unsuspended():
		return blocked("%s owns %s, and its next reconciliation would undo the retention (missing: %s): run `%s`, or give --gitops suspend",
			control.Owner, release, control.Acts(), control.Owner.SuspendCommand(s.Declared.Context))
	}
	var details []string
	if control.Unsuspended() {
		details = append(details, fmt.Sprintf("%s is suspended, and stays so", control.Owner))
	}
	if release.RecordMissing {
		return change(fmt.Sprintf("restore %s from its backup %s, and retain it", release, release.Backup), details...)
	}
	return change(
		fmt.Sprintf("retain %s/%s revision %d (chart %s)", release.Namespace, release.Name, release.Revision, release.ChartVersion),
		append(details, "missing: "+strings.Join(missing, ", "))...,
	)
}

func applyRetain(ctx context.Context, run *Run) error {
	if err := suspendOwner(ctx, run); err != nil {
		return err
	}
	release := *run.Now.Legacy.Value().Release
	commit, cancel := run.Commit(ctx)
	defer cancel()
	if release.RecordMissing {
		if err := restore(commit, run, false); err != nil {
			return err
		}
		run.Refresh(commit, snapshot.ItemLegacy)
		state := run.Now.Legacy.Value()
		if state.Release == nil {
			return fmt.Errorf("release %s was restored, but is not found: %s", release, state.Found.Explain())
		}
		release = *state.Release
	}
	ledger, err := run.Source.Legacy(run.Now).Of(release).Retain(commit, legacy.Options{
		Operator: run.Operator,
		Reason:   cmp.Or(run.Options.Reason, "kept for rollback while region "+run.Source.Region.Name+" moves to a satellite"),
		Now:      run.Clock.Now(),
		Progress: func(message string) { run.Progress("%s", message) },
	})
	if err != nil {
		return err
	}
	run.ProviderRecord.Retention = ledger
	return nil
}

func legacyOwner(s *snapshot.Snapshot) gitops.Owner { return s.Legacy.Value().Retention.Control.Owner }

// suspendOwner suspends Flux's reconciliation of the release, unless it is suspended, and waits for one in progress.
func suspendOwner(ctx context.Context, run *Run) error {
	control := run.Now.Legacy.Value().Retention.Control
	if control.Acts() == "" {
		return nil
	}
	begun := run.Clock.Now()
	if control.Unsuspended() {
		run.Progress("suspending %s", control.Owner)
		commit, cancel := run.Commit(ctx)
		err := control.Suspend(commit, run.Source.ProviderSite.Dynamic())
		cancel()
		if err != nil {
			return err
		}
	}
	return run.WaitFor(ctx, "waiting for Flux", []snapshot.Item{snapshot.ItemLegacy}, func(s *snapshot.Snapshot) error {
		if acts := s.Legacy.Value().Retention.Control.Acts(); acts != "" || s.Legacy.Value().Release == nil {
			return fmt.Errorf("missing: %s", cmp.Or(acts, "the legacy release"))
		}
		if run.Clock.Since(begun) < reconciliationBegins {
			return errors.New("a reconciliation that has begun may not show yet")
		}
		return nil
	})
}

// reconciliationBegins is how long after its suspension Flux may still begin a reconciliation: its cache is that old.
const reconciliationBegins = 3 * time.Second
