package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// preflight returns the results of the preflight. It fails, before anything is changed, if a GitOps controller owns a release
// that a step cannot change for that reason.
func (o Operation) preflight(s *snapshot.Snapshot) []v1alpha1.CheckResult {
	results := o.Preflight(s)
	for _, step := range o.Steps {
		if step.Owned == nil || !step.Owned(s).Exists() {
			continue
		}
		refused := step.Decide(s)
		if refused.Action != v1alpha1.ActionBlocked {
			continue
		}
		result := v1alpha1.CheckResult{
			ID: "legacy-owner", Provider: s.ProviderName(), Category: "legacy", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail, Message: refused.Reason,
			Hint: strings.Join(refused.Details, "; "),
		}
		if step.Owner == OwnerSatellite {
			result.ID, result.Provider, result.Category = "satellite-owner", "", "satellite"
		}
		results = append(slices.DeleteFunc(results, func(r v1alpha1.CheckResult) bool { return r.ID == result.ID }), result)
	}
	return results
}

// checks returns a preflight of these checks.
func checks(ids ...string) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids = append([]string{"primary-is-primary", "primary-same"}, ids...) // for every verb
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		return health.Evaluate(health.Select(ids...), s)
	}
}

// saying returns the rollback command for a provider whose earlier Networking v2 no journal records: to off, the usual case;
// "" if the operator has given it.
func (o RollbackOptions) saying(s *snapshot.Snapshot) string {
	if o.NetworkingV2Was != nil || s.Networking() != v1alpha1.NetworkingV2On {
		return ""
	}
	command := s.Command("rollback")
	if o.RemoveSatellite {
		command += " --remove-satellite"
	}
	return command + " --networking-v2-was off"
}

// preflightRollback returns the preflight of a rollback. A legacy release that is not ready fails, unless forced.
func preflightRollback(options RollbackOptions) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids := []string{
		"primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights", "provider-found", "legacy-found", "canary",
	}
	if options.RemoveSatellite { // otherwise it does not need the satellite's cluster, which may be down
		ids = append(ids, "cluster-rights")
	}
	base := checks(ids...)
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		results := base(s)
		if state, known := s.Legacy.Get(); known { // no rollback can use a release that is gone
			results = withoutLegacy(results, state.Found)
		}
		for i, r := range results {
			switch {
			// A canary that failed is a reason for a rollback, not against it.
			case r.ID == "canary" && r.State == v1alpha1.CheckFail && s.Canary.IsKnown():
				results[i].State = v1alpha1.CheckWarn
			// Only a change of the satellite's cluster depends on whether another region shares it.
			case r.ID == "region-distinct" && r.Failed() && !s.Region.Satellite.None() && !s.Cluster.IsKnown() && !options.RemoveSatellite:
				results[i].State = v1alpha1.CheckWarn
			}
		}
		for _, r := range health.Evaluate(health.Select("legacy-rollback-ready"), s) {
			release := s.Legacy.Value().Release
			switch lost := release != nil && release.RecordMissing; {
			case r.State == v1alpha1.CheckWarn && lost:
				r.Message = fmt.Sprintf("%s is not complete: it is restored first, from the backup %s", release, release.Backup)
			case r.State == v1alpha1.CheckWarn && !options.Force:
				r.State, r.Severity = v1alpha1.CheckFail, v1alpha1.SeverityError
				r.Hint = "fix it, or roll back regardless with --force --reason WHY"
			}
			results = append(results, r)
		}
		back := disableNetworkingV2(options.NetworkingV2Was).Decide(s)
		if s.Provider.IsKnown() && s.Primary.Version.IsKnown() && back.Action == v1alpha1.ActionBlocked {
			results = append(results, v1alpha1.CheckResult{
				ID: "networking-v2", Provider: s.ProviderName(), Category: "provider", Severity: v1alpha1.SeverityError,
				State: v1alpha1.CheckFail, Message: back.Reason, Hint: options.saying(s),
			})
		}
		return results
	}
}

// withoutLegacy turns a skipped check for the legacy release into a failure that explains why none was found.
func withoutLegacy(results []v1alpha1.CheckResult, found legacy.Found) []v1alpha1.CheckResult {
	for i, r := range results {
		if r.ID == "legacy-found" && r.State == v1alpha1.CheckSkipped {
			results[i].State, results[i].Message, results[i].Hint = v1alpha1.CheckFail, found.Explain(), cmp.Or(found.Remedy, r.Hint)
		}
	}
	return results
}

// preflightFinalize requires every check of status to pass, and a primary that no longer supports the legacy path. With such
// a primary, whether a rollback would work no longer matters. What an earlier, unfinished removal has removed does not fail.
func preflightFinalize(s *snapshot.Snapshot, force bool) []v1alpha1.CheckResult {
	if s.Region.Satellite.None() {
		return nil // there is nothing to finalize
	}
	version, known := s.Primary.Version.Get()
	record, runs := s.ProviderJournal.Value(), []string{"run-complete", "satellite-run-complete"}
	begun := record != nil && record.Operation == "finalize" && record.Outcome != v1alpha1.OutcomeSucceeded
	changed := append([]string{"canary", adoptionCheck}, runs...)
	wanted := slices.DeleteFunc(append(health.Status(), health.Select("provider-rights")...), func(c health.Check) bool {
		return known && version.AtLeast(1, 22) && c.Info.ID == "legacy-rollback-ready" ||
			begun && (c.Info.Category == "legacy" || slices.Contains(changed, c.Info.ID))
	})
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
