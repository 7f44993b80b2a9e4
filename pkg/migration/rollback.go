package migration

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// RollbackOptions are how to go back.
type RollbackOptions struct {
	// RemoveSatellite also unregisters and uninstalls the satellite.
	RemoveSatellite bool
	// NetworkingV2Was is what the operator says that the provider's flag was
	// before the migration; nil leaves it to the journal.
	NetworkingV2Was *bool
	// Force goes back although the legacy release is not ready for it.
	Force bool
}

// Rollback returns the operation that brings a region back to the legacy path.
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
	if options.RemoveSatellite {
		operation.Steps = append(operation.Steps, unregisterSatellite(false), uninstallSatellite(false))
	}
	return operation
}

// saying returns the command that goes back although no journal says what
// Networking v2 was before: to off, which is what people roll back to. "" if the
// operator has said it.
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

// usesSatellite reports whether the region is on Networking v2 by choice.
func usesSatellite(s *snapshot.Snapshot) bool { return s.Networking() == v1alpha1.NetworkingV2On }

// preflightRollback is what must hold before a region goes back. That the
// legacy release is not ready stops it, unless forced: then it only warns.
func preflightRollback(options RollbackOptions) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids := []string{"primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights", "provider-found", "legacy-found", "canary"}
	if options.RemoveSatellite { // otherwise it works without the satellite's cluster, which may be why somebody goes back
		ids = append(ids, "cluster-rights")
	}
	base := checks(ids...)
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		results := base(s)
		if state, known := s.Legacy.Get(); known { // there is no way back to what is gone
			results = withoutLegacy(results, state.Found)
		}
		for i, r := range results {
			switch {
			// a canary that failed is a reason to go back, not against it
			case r.ID == "canary" && r.State == v1alpha1.CheckFail && s.Canary.IsKnown():
				results[i].State = v1alpha1.CheckWarn
			// whether the satellite's cluster is another region's, too, matters only to who changes it
			case r.ID == "region-distinct" && r.Failed() && !s.Region.Satellite.None() && !s.Cluster.IsKnown() && !options.RemoveSatellite:
				results[i].State = v1alpha1.CheckWarn
			}
		}
		for _, r := range health.Evaluate(health.Select("legacy-rollback-ready"), s) {
			release := s.Legacy.Value().Release
			switch lost := release != nil && release.RecordMissing; {
			case r.State == v1alpha1.CheckWarn && lost:
				r.Message = fmt.Sprintf("the record of %s is gone: it is restored first, from the backup %s", release, release.Backup)
			case r.State == v1alpha1.CheckWarn && !options.Force:
				r.State, r.Severity = v1alpha1.CheckFail, v1alpha1.SeverityError
				r.Hint = "fix it, or go back regardless with --force --reason WHY"
			}
			results = append(results, r)
		}
		back := disableNetworkingV2(options.NetworkingV2Was).Decide(s)
		if s.Provider.IsKnown() && s.Primary.Version.IsKnown() && back.Action == v1alpha1.ActionBlocked {
			results = append(results, v1alpha1.CheckResult{
				ID: "networking-v2", Provider: s.ProviderName(), Category: "provider", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail, Message: back.Reason,
				Hint: options.saying(s),
			})
		}
		return results
	}
}
