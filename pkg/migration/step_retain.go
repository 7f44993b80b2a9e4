package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Policy is the operator's choice about the HelmRelease by which Flux owns a legacy release.
type Policy string

// Policies of the operations that retain the release.
const (
	Refuse  Policy = "refuse"  // the region is left alone unless it is suspended
	Suspend Policy = "suspend" // the run suspends it
	Wait    Policy = "wait"    // the run waits until somebody suspends it in Git
)

// retainLegacy makes the legacy release survive until it is removed on purpose. Retention is never reverted: it harms
// nothing, and the next run continues from it. Flux would upgrade a release that it owns: its HelmRelease must be
// suspended, by the step or by somebody else, as the policy says, and stays so.
func retainLegacy(policy Policy) Step {
	return Step{
		Name: "retain-legacy", Owner: OwnerProvider,
		Reads: []snapshot.Item{snapshot.ItemLegacy, snapshot.ItemJournal},
		Rights: func(scope snapshot.Scope) []cluster.Rule {
			rules := append(rightsToRetain(scope), scope.LegacyOwner.Rights("get")...)
			if policy == Suspend {
				rules = append(rules, scope.LegacyOwner.Rights("patch")...)
			}
			return rules
		},
		Decide: func(s *snapshot.Snapshot) Decision { return decideRetain(s, policy) },
		Owned:  legacyOwner,
		Note: func(s *snapshot.Snapshot, record *journal.Record) {
			if control := s.Legacy.Value().Retention.Control; control.Unsuspended() {
				record.Suspended = "" // whatever an earlier run suspended was resumed since
				if policy == Suspend {
					record.Suspended = control.Owner.String()
				}
			}
		},
		Apply: func(ctx context.Context, run *Run) error { return applyRetain(ctx, run, policy) },
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

func decideRetain(s *snapshot.Snapshot, policy Policy) Decision {
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
	case policy == Refuse && control.Unsuspended():
		return blocked("%s owns %s, and its next reconciliation would undo the retention (missing: %s): run `%s`, or give --gitops suspend or wait",
			control.Owner, release, control.Acts(), control.Owner.Command("suspend", s.Declared.Context))
	}
	var details []string
	switch {
	case control.Unsuspended() && policy == Wait:
		details = append(details, "it waits first: "+toSuspend(control))
	case control.Unsuspended():
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

func applyRetain(ctx context.Context, run *Run, policy Policy) error {
	if err := suspendOwner(ctx, run, policy); err != nil {
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

// toSuspend says what a person has to do so that Flux leaves the release alone.
func toSuspend(control gitops.Control) string {
	return fmt.Sprintf("suspend %s: commit `spec: {suspend: true}` to Git", control.Owner)
}

// suspendOwner suspends Flux's reconciliation of the release, or has it suspended, and waits for one in progress.
func suspendOwner(ctx context.Context, run *Run, policy Policy) error {
	control := run.Now.Legacy.Value().Retention.Control
	if control.Acts() == "" {
		return nil
	}
	if control.Unsuspended() && policy == Suspend {
		run.Progress("suspending %s", control.Owner)
		commit, cancel := run.Commit(ctx)
		defer cancel()
		if err := control.SetSuspended(commit, run.Source.ProviderSite.Dynamic(), true); err != nil {
			return err
		}
	}
	reconciled := run.Clock.Now() // since when it may be suspended
	return run.WaitFor(ctx, "waiting for Flux", []snapshot.Item{snapshot.ItemLegacy}, func(s *snapshot.Snapshot) error {
		control := s.Legacy.Value().Retention.Control
		if control.Unsuspended() {
			reconciled = run.Clock.Now()
			return &manualError{errors.New(toSuspend(control))}
		}
		if acts := control.Acts(); acts != "" || s.Legacy.Value().Release == nil {
			return fmt.Errorf("missing: %s", cmp.Or(acts, "the legacy release"))
		}
		if run.Clock.Since(reconciled) < reconciliationBegins {
			return errors.New("a reconciliation that has begun may not show yet")
		}
		return nil
	})
}

// reconciliationBegins is how long after its suspension Flux may still begin a reconciliation: its cache is that old.
const reconciliationBegins = 3 * time.Second

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
