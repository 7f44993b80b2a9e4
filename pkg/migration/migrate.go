package migration

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Migrate returns the operation that moves a region to its satellite. What is
// before the switch to Networking v2 stays after a later failure: a satellite
// that is installed and registered serves nobody until the switch, and
// uninstalling it would give up the load balancer's address that the operator
// has just put into DNS. With wholeRegions it leaves a region alone if one of its
// providers cannot be migrated now.
func Migrate(wholeRegions bool) Operation {
	return Operation{
		Name:      "migrate",
		Items:     snapshot.PlanItems(),
		Preflight: func(s *snapshot.Snapshot) []v1alpha1.CheckResult { return health.Evaluate(health.Preflight(), s) },
		Steps: []Step{
			installSatellite(),
			exposeSatellite(),
			registerSatellite(),
			verifySatellite(),
			retainLegacy(),
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
