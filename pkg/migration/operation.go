package migration

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Operation is a verb that changes regions, as a table of steps.
type Operation struct {
	// Name is the verb, for example "migrate".
	Name string
	// Items are the facts that its plan rests on.
	Items []snapshot.Item
	// Preflight returns the results of the checks that must pass first.
	Preflight func(*snapshot.Snapshot) []v1alpha1.CheckResult
	// Steps are the steps in the order in which they are applied.
	Steps []Step
	// LeavesLegacy is set if the operation moves a region off the legacy path:
	// what it finds is what a rollback returns to.
	LeavesLegacy bool
	// Done changes the journal's record when all steps are done; may be nil.
	Done func(*journal.Record)
}

// checks returns a preflight of the checks with these IDs.
func checks(ids ...string) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids = append([]string{"primary-is-primary", "primary-same"}, ids...) // whatever the verb
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		return health.Evaluate(health.Select(ids...), s)
	}
}
