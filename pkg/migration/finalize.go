package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Finalize returns the operation that removes the legacy release for good and proves with a rebuild of the canary that
// workspaces still build. Primaries from v1.22 on cannot use the legacy path, so nothing is lost. force also accepts
// workspaces that still wait for a rebuild, or for which that is unknown.
func Finalize(force bool) Operation {
	return Operation{
		Name:      "finalize",
		Items:     append(snapshot.CheckItems(), snapshot.ItemRemoval),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult { return preflightFinalize(s, force) },
		Steps: []Step{
			removeLegacy(),
			rebuildCanary(journal.ProvesFinalized, hasLegacy),
		},
		DoneProvider: func(record *journal.Record) { record.Retention, record.Before = nil, nil },
	}
}

func hasLegacy(s *snapshot.Snapshot) bool { return s.Legacy.Value().Release != nil }

// preflightFinalize requires every check of status to pass, and a primary that no longer supports the legacy path. With such
// a primary, whether a rollback would work no longer matters. What an earlier, unfinished removal has removed does not fail.
func preflightFinalize(s *snapshot.Snapshot, force bool) []v1alpha1.CheckResult {
	if s.Region.Satellite.None() {
		return nil // there is nothing to finalize
	}
	wanted := append(health.Status(), health.Select("provider-rights")...)
	version, known := s.Primary.Version.Get()
	if known && version.AtLeast(1, 22) {
		wanted = slices.DeleteFunc(wanted, func(c health.Check) bool { return c.Info.ID == "legacy-rollback-ready" })
	}
	runs := []string{"run-complete", "satellite-run-complete"}
	if begun(s.ProviderJournal.Value()) {
		changed := append([]string{"canary", adoptionCheck}, runs...)
		wanted = slices.DeleteFunc(wanted, func(c health.Check) bool {
			return c.Info.Category == "legacy" || slices.Contains(changed, c.Info.ID)
		})
	}
	results := health.Evaluate(wanted, s)
	for i, r := range results {
		if r.ID == adoptionCheck {
			results[i] = adoptedOrForced(r, force)
			continue
		}
		if r.State == v1alpha1.CheckWarn && r.ID != "namespace-separate" && !slices.Contains(runs, r.ID) {
			results[i].State = v1alpha1.CheckFail // every check must be green
		}
	}
	if known && !version.AtLeast(1, 22) {
		results = append(results, v1alpha1.CheckResult{
			ID: "primary-version", Category: "primary", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
			Message: "the primary is v" + version.String() + ", which still supports the legacy path",
			Hint:    "keep the legacy release for a rollback until the primary is v1.22 or later",
		})
	}
	return results
}

const adoptionCheck = "workspaces-adopted"

// adoptedOrForced fails if workspaces still use the legacy path, which they would lose, or if that is unknown.
func adoptedOrForced(r v1alpha1.CheckResult, force bool) v1alpha1.CheckResult {
	if force || r.State != v1alpha1.CheckWarn && r.State != v1alpha1.CheckUnknown {
		return r
	}
	r.State, r.Severity = v1alpha1.CheckFail, v1alpha1.SeverityError
	r.Hint = "rebuild them first, or remove the release regardless with --force --reason WHY"
	return r
}

func begun(record *journal.Record) bool {
	return record != nil && record.Operation == "finalize" && record.Outcome != v1alpha1.OutcomeSucceeded
}
