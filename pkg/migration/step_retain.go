package migration

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// retainLegacy makes the legacy release survive until it is removed on purpose. Retention is never reverted: it harms
// nothing, and the next run continues from it.
func retainLegacy() Step {
	return Step{
		Name: "retain-legacy", Owner: OwnerProvider,
		Reads:  []snapshot.Item{snapshot.ItemLegacy, snapshot.ItemJournal},
		Rights: rightsToRetain,
		Decide: decideRetain, Apply: applyRetain,
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

func decideRetain(s *snapshot.Snapshot) Decision {
	missing, err := missingRetention(s)
	release := s.Legacy.Value().Release
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
	case release.RecordMissing:
		return change(fmt.Sprintf("restore the record of %s from its backup %s, and retain it", release, release.Backup))
	}
	return change(
		fmt.Sprintf("retain %s/%s revision %d (chart %s)", release.Namespace, release.Name, release.Revision, release.ChartVersion),
		"missing: "+strings.Join(missing, ", "),
	)
}

func applyRetain(ctx context.Context, run *Run) error {
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
