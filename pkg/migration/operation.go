package migration

import (
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Operation is a verb that changes regions, as a table of steps.
type Operation struct {
	Name  string          // the verb, for example "migrate"
	Items []snapshot.Item // the facts that its plan needs
	// Preflight returns the checks that must pass first, for one provider and what serves it.
	Preflight func(*snapshot.Snapshot) []v1alpha1.CheckResult
	// Steps are in the order of their application. Consecutive steps of the satellite are applied once, consecutive steps of
	// providers for each of the region's providers in turn.
	Steps        []Step
	LeavesLegacy bool // the operation moves a region off the legacy path: a rollback returns to what it finds
	WholeRegions bool // a provider that fails its preflight keeps the region's other providers from changing
	// DoneSatellite and DoneProvider update the records when all steps of the part are done; may be nil.
	DoneSatellite, DoneProvider func(*journal.Record)
	diff                        bool // the plan shows changes of manifests
}

// in returns the operation without steps for a satellite that the region does not have.
func (o Operation) in(region fleet.Region) Operation {
	if region.Satellite.None() {
		o.Steps = o.of(OwnerProvider)
	}
	return o
}

// ChangesSatellites reports whether the operation has steps in the satellite's cluster. A rollback does not need that cluster.
func (o Operation) ChangesSatellites() bool { return len(o.of(OwnerSatellite)) > 0 }

// of returns the owner's steps.
func (o Operation) of(owner Owner) []Step {
	return slices.DeleteFunc(slices.Clone(o.Steps), func(step Step) bool { return step.Owner != owner })
}

// phases groups consecutive steps of one owner.
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
