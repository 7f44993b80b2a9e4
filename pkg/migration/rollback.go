package migration

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// RollbackOptions are the options of a rollback.
type RollbackOptions struct {
	RemoveSatellite bool  // also unregister and uninstall the satellite
	NetworkingV2Was *bool // the flag before the migration according to the operator; nil for the journal's
	Force           bool  // although the legacy release is not ready
	Resume          bool  // also resume the HelmRelease that an earlier run suspended
}

// Rollback returns the operation that returns a region to the legacy path.
func Rollback(options RollbackOptions) Operation {
	operation := Operation{
		Name:      "rollback",
		Items:     snapshot.StatusItems(),
		Preflight: preflightRollback(options),
		Steps: []Step{
			restoreLegacy(options.Force),
			disableNetworkingV2(options.NetworkingV2Was),
			rebuildCanary(journal.ProvesLegacy, usesSatellite),
			verifyLegacyPath(options.Force),
			awaitWorkspaces(),
		},
		DoneProvider: func(record *journal.Record) {
			record.Before, record.Migrated = nil, false
			doneWaiting(record)
		},
	}
	if options.Resume {
		operation.Steps = append(operation.Steps, resumeOwner())
	}
	if options.RemoveSatellite {
		operation.Steps = append(operation.Steps, unregisterSatellite(false), uninstallSatellite(false))
	}
	return operation
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

// usesSatellite reports whether the provider uses Networking v2 by choice.
func usesSatellite(s *snapshot.Snapshot) bool { return s.Networking() == v1alpha1.NetworkingV2On }

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
