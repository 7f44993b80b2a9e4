package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Finalize returns the operation that removes the legacy release for good and
// proves, by a rebuild of the canary, that workspaces still build. There is no
// way back to the legacy path from a primary of v1.22 or later, so nothing is lost.
// With force it removes the release although workspaces still wait to be rebuilt, or
// it is not known that none does.
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

// preflightFinalize asks for every check of status to pass, and for a primary
// that no longer knows the legacy path. From such a primary there is no way back
// to the release, so that it does not matter whether a rollback would work. A
// removal that an earlier run began is not held up by what it has removed.
func preflightFinalize(s *snapshot.Snapshot, force bool) []v1alpha1.CheckResult {
	if s.Region.Satellite.None() {
		return nil // there is nothing to finalize
	}
	wanted := append(health.Status(), health.Select("provider-rights")...)
	version, known := s.Primary.Version.Get()
	if known && version.AtLeast(1, 22) {
		wanted = slices.DeleteFunc(wanted, func(c health.Check) bool { return c.Info.ID == "legacy-rollback-ready" })
	}
	if begun(s.ProviderJournal.Value()) {
		wanted = slices.DeleteFunc(wanted, func(c health.Check) bool {
			return c.Info.Category == "legacy" || c.Info.ID == "run-complete" || c.Info.ID == "satellite-run-complete" || c.Info.ID == "canary" || c.Info.ID == adoptionCheck
		})
	}
	results := health.Evaluate(wanted, s)
	for i, r := range results {
		if r.ID == adoptionCheck {
			results[i] = adoptedOrForced(r, force)
			continue
		}
		if r.State == v1alpha1.CheckWarn && r.ID != "namespace-separate" && r.ID != "run-complete" && r.ID != "satellite-run-complete" {
			results[i].State = v1alpha1.CheckFail // every check is to be green
		}
	}
	if known && !version.AtLeast(1, 22) {
		results = append(results, v1alpha1.CheckResult{
			ID: "primary-version", Category: "primary", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
			Message: "the primary is v" + version.String() + ", which still knows the legacy path",
			Hint:    "keep the legacy release for a rollback until the primary is v1.22 or later",
		})
	}
	return results
}

const adoptionCheck = "workspaces-adopted"

// adoptedOrForced judges, before a removal, how many workspaces still use the legacy
// path: they lose it. What is not known may be one.
func adoptedOrForced(r v1alpha1.CheckResult, force bool) v1alpha1.CheckResult {
	if force || r.State != v1alpha1.CheckWarn && r.State != v1alpha1.CheckUnknown {
		return r
	}
	r.State, r.Severity = v1alpha1.CheckFail, v1alpha1.SeverityError
	r.Hint = "rebuild them first, or remove the release regardless with --force --reason WHY"
	return r
}

// begun reports whether an earlier run began to finalize and did not succeed.
func begun(record *journal.Record) bool {
	return record != nil && record.Operation == "finalize" && record.Outcome != v1alpha1.OutcomeSucceeded
}
