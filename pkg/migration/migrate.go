package migration

import (
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
