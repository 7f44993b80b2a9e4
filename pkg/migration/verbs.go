package migration

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Migrate returns the operation that moves a region to its satellite. A later failure does not undo what precedes the switch
// to Networking v2: an installed and registered satellite serves nobody until then, and uninstalling it would give up the
// load balancer's address, which the operator has just put into DNS. With wholeRegions, a region is left alone if one of its
// providers cannot be migrated. policy concerns a legacy release that Flux owns: Refuse, Suspend or Wait.
func Migrate(wholeRegions bool, policy Policy) Operation {
	return Operation{
		Name:      "migrate",
		Items:     snapshot.PlanItems(),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult { return health.Evaluate(health.Preflight(), s) },
		Steps: []Step{
			installSatellite(),
			exposeSatellite(),
			registerSatellite(),
			verifySatellite(),
			retainLegacy(policy),
			enableNetworkingV2(),
			rebuildCanary(journal.ProvesSatellite, always),
			verifyConnectivity(),
			awaitWorkspaces(),
		},
		LeavesLegacy: true,
		WholeRegions: wholeRegions,
		DoneProvider: func(record *journal.Record) {
			record.Migrated = true
			doneWaiting(record)
		},
	}
}

func always(*snapshot.Snapshot) bool { return true }

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

// usesSatellite reports whether the provider uses Networking v2 by choice.
func usesSatellite(s *snapshot.Snapshot) bool { return s.Networking() == v1alpha1.NetworkingV2On }

// Retain returns the operation that only retains the legacy release. policy concerns one that Flux owns: Refuse, Suspend or Wait.
func Retain(policy Policy) Operation {
	base := checks("primary-version", "operator-role", "provider-cluster", "region-distinct", "provider-rights",
		"provider-found", "legacy-found", "legacy-idle")
	return Operation{
		Name:  "retain",
		Items: snapshot.StatusItems(),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
			// A migration can do without an unusable release, but here it is requested explicitly.
			if found := s.Legacy.Value().Found; found.Unusable {
				return withoutLegacy(base(s), found)
			}
			return base(s)
		},
		Steps: []Step{retainLegacy(policy)},
	}
}

// Remove returns the operation that unregisters and uninstalls a satellite. Unless forced, it refuses while users depend on it.
func Remove(force bool) Operation {
	base := checks("operator-role", "cluster-reachable", "region-distinct", "cluster-rights", "provider-found")
	return Operation{
		Name:  "remove",
		Items: append(snapshot.StatusItems(), snapshot.ItemUsers),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
			results := base(s)
			if err := inUse(s); err != nil && !force && s.Provider.IsKnown() && s.Satellite.Value().Exists() {
				results = append(results, v1alpha1.CheckResult{
					ID: "networking-v2", Category: "satellite", Severity: v1alpha1.SeverityError, State: v1alpha1.CheckFail,
					Message: fmt.Sprintf("the satellite is in use: %v", err),
					Hint:    "or remove it regardless with --force --reason WHY",
				})
			}
			return results
		},
		Steps:         []Step{unregisterSatellite(force), uninstallSatellite(force)},
		DoneSatellite: func(record *journal.Record) { record.RegistrationID, record.Serves = "", nil },
	}
}

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
			rebuildCanary(journal.ProvesFinalized, func(s *snapshot.Snapshot) bool { return s.Legacy.Value().Release != nil }),
		},
		DoneProvider: func(record *journal.Record) { record.Retention, record.Before = nil, nil },
	}
}
