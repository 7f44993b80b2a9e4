package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Operation is a verb that changes regions, as a table of steps.
type Operation struct {
	Name  string          // the verb, for example "migrate"
	Items []snapshot.Item // the facts that its plan rests on
	// Preflight returns the results of the checks that must pass first, for one
	// provider of the region and for what serves it.
	Preflight func(*snapshot.Snapshot) []v1alpha1.CheckResult
	// Steps are the steps in the order in which they are applied. Those of the
	// satellite that follow each other are applied once, those of providers that
	// follow each other for each of the region's providers in turn.
	Steps []Step
	// LeavesLegacy is set if the operation moves a region off the legacy path:
	// what it finds is what a rollback returns to.
	LeavesLegacy bool
	// WholeRegions is set if a provider that fails its preflight keeps the others of
	// its region from changing.
	WholeRegions bool
	// DoneSatellite and DoneProvider change the records of the satellite and of a
	// provider when all their steps are done; may be nil.
	DoneSatellite, DoneProvider func(*journal.Record)
	// diff is set if a plan shows what would change of manifests.
	diff bool
}

// checks returns a preflight of the checks with these IDs.
func checks(ids ...string) func(*snapshot.Snapshot) []v1alpha1.CheckResult {
	ids = append([]string{"primary-is-primary", "primary-same"}, ids...) // whatever the verb
	return func(s *snapshot.Snapshot) []v1alpha1.CheckResult {
		return health.Evaluate(health.Select(ids...), s)
	}
}

// in returns the operation as it applies to the region: one without a satellite
// has no steps of it.
func (o Operation) in(region fleet.Region) Operation {
	if region.Satellite.None() {
		o.Steps = o.of(OwnerProvider)
	}
	return o
}

// ChangesSatellites reports whether the operation has steps in the satellite's cluster. A
// rollback has none, and works without that cluster.
func (o Operation) ChangesSatellites() bool { return len(o.of(OwnerSatellite)) > 0 }

// of returns the steps of that owner.
func (o Operation) of(owner Owner) []Step {
	return slices.DeleteFunc(slices.Clone(o.Steps), func(step Step) bool { return step.Owner != owner })
}

// phases returns the steps in groups: each is the satellite's, or the providers'.
func (o Operation) phases() [][]Step {
	var phases [][]Step
	for _, step := range o.Steps {
		if last := len(phases) - 1; last >= 0 && phases[last][0].Owner == step.Owner {
			phases[last] = append(phases[last], step)
			continue
		}
		phases = append(phases, []Step{step})
	}
	return phases
}
