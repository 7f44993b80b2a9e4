package migration

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// The verbs whose failures compensate tells apart.
const (
	verbMigrate  = "migrate"
	verbRollback = "rollback"
	verbFinalize = "finalize"
)

// Operation is a verb that changes regions, as steps in their order.
type Operation struct {
	// Name is the verb, for example "migrate".
	Name string
	// Items are the facts that its plan rests on.
	Items []snapshot.Item
	// Preflight returns the results of the checks that must pass first.
	Preflight func(*snapshot.Snapshot) []v1alpha1.CheckResult
	// Steps are the steps in the order in which they are applied.
	Steps []Step
	// LeavesLegacy tells that the operation moves a region off the legacy path:
	// what it finds is what a rollback returns to.
	LeavesLegacy bool
	// Done changes the journal's record when all steps are done; may be nil.
	Done func(*journal.Record)
}

// Migrate returns the operation that moves a region to its satellite. What is
// before the switch to Networking v2 stays after a later failure: a satellite
// that is installed and registered serves nobody until the switch, and
// uninstalling it would give up the load balancer's address that the operator
// has just put into DNS.
func Migrate() Operation {
	return Operation{
		Name:      verbMigrate,
		Items:     snapshot.PlanItems(),
		Preflight: preflight,
		Steps: []Step{
			retainLegacy{},
			installSatellite{},
			exposeSatellite{},
			registerSatellite{},
			verifySatellite{},
			enableNetworkingV2{},
			rebuildCanary{proves: journal.ProvesSatellite, due: always},
			verifyConnectivity{},
		},
		LeavesLegacy: true,
		Done:         func(record *journal.Record) { record.Migrated = true },
	}
}

// Retain returns the operation that only retains the legacy release.
func Retain() Operation {
	return Operation{
		Name:      "retain",
		Items:     snapshot.StatusItems(),
		Preflight: checks("primary-version", "operator-role", "cluster-reachable", "region-distinct", "cluster-rights", "namespace-active", "provider-found", "legacy-found", "legacy-idle"),
		Steps:     []Step{retainLegacy{}},
	}
}

// preflight evaluates the checks that must pass before a migration.
func preflight(s *snapshot.Snapshot) []v1alpha1.CheckResult {
	return health.Evaluate(health.Preflight(), s)
}

// checks returns a preflight of the checks with these IDs.
func checks(ids ...string) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids = append([]string{"primary-is-primary", "primary-same"}, ids...) // whatever the verb
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		return health.Evaluate(health.Select(ids...), s)
	}
}

func always(*snapshot.Snapshot) bool { return true }
