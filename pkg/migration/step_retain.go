package migration

import (
	"context"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// retainLegacy makes the legacy release survive until it is removed on purpose.
type retainLegacy struct{}

func (retainLegacy) Name() string { return "retain-legacy" }

func (retainLegacy) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemLegacy, snapshot.ItemJournal}
}

func (retainLegacy) Decide(s *snapshot.Snapshot) Decision {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return blocked(fmt.Sprintf("the legacy release could not be examined: %v", s.Legacy.Err()))
	case len(state.Found.Releases) == 0 && s.Networking() == v1alpha1.NetworkingV2On && (state.Found.Unusable || retainedBefore(s.Journal.Value())):
		return blocked(state.Found.Explain()) // it was there, and a rollback would need it
	case len(state.Found.Releases) == 0 && s.Networking() != v1alpha1.NetworkingV2Off:
		return already("there is no legacy release (any more)")
	case state.Release == nil:
		return blocked(state.Found.Explain())
	}
	release := state.Release
	missing := state.Retention.Missing
	if state.Retention.Complete() && !ledgerCovers(s.Journal.Value(), *release) {
		missing = []string{"ledger in the journal"}
	}
	if len(missing) == 0 {
		return already(fmt.Sprintf("%s/%s revision %d is retained", release.Namespace, release.Name, release.Revision))
	}
	if release.RecordMissing {
		return change(fmt.Sprintf("restore the record of %s from its backup %s, and retain it", release, release.Backup))
	}
	return change(
		fmt.Sprintf("retain %s/%s revision %d (chart %s)", release.Namespace, release.Name, release.Revision, release.ChartVersion),
		"missing: "+strings.Join(missing, ", "),
	)
}

// retainedBefore reports whether the journal says that a release is retained.
func retainedBefore(record *journal.Record) bool { return record != nil && record.Retention != nil }

func ledgerCovers(record *journal.Record, release legacy.Release) bool {
	return record != nil && record.Retention.Covers(release.Namespace, release.Name, release.Revision)
}

func (retainLegacy) Apply(ctx context.Context, run *Run) error {
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
	ledger, err := run.Source.Legacy().Of(release).Retain(commit, legacy.RetainOptions{
		Operator: run.Operator,
		Reason:   run.retainReason(),
		Now:      run.Clock.Now(),
		Progress: func(message string) { run.Progress("%s", message) },
	})
	if err != nil {
		return err
	}
	run.Record.Retention = ledger
	return nil
}

func (run *Run) retainReason() string {
	if run.Options.Reason != "" {
		return run.Options.Reason
	}
	return "kept for rollback while region " + run.Source.Region.Name + " moves to a satellite"
}
