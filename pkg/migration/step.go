package migration

import (
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Step is one idempotent unit of an operation on a region. The engine reads what the step needs, lets it decide, applies it,
// and then reads and decides again: a step is verified when its decision has become ActionNone.
type Step struct {
	Name  string          // stable: reports and journals use it, for example "install-satellite"
	Owner Owner           // the part of a region that the step belongs to
	Reads []snapshot.Item // for Decide
	// Rights returns the rights in the owner's cluster that Apply and Remedy need in addition to reading; see primaryOnly.
	Rights func(snapshot.Scope) []cluster.Rule

	// Decide returns, from facts alone, whether the step is done, what would change, or why nothing can be done. No I/O.
	Decide func(*snapshot.Snapshot) Decision
	// Owned returns the GitOps controller that owns the release which the step changes; may be nil.
	Owned func(*snapshot.Snapshot) gitops.Owner
	// Show adds the rendering, which is read if the step would change something, to the plan; may be nil.
	Show func(*snapshot.Snapshot, *v1alpha1.StepPlan)
	// Note records, before the step is applied, what it found and is about to do, for later runs; may be nil.
	Note func(*snapshot.Snapshot, *journal.Record)
	// Apply makes the change. Waits end with ctx; writes that must not be cut off use run.Commit. It can be repeated after
	// any crash.
	Apply func(ctx context.Context, run *Run) error

	ProvesNewPath bool     // the step proves the path over the satellite: if it fails, Networking v2 is switched off in any case
	Forced        bool     // what Apply could not do is reported, and stops nothing
	Noticeable    bool     // users may notice the step: measurements before it show the earlier state
	Leaves        []string // measured paths that users no longer use once the step has begun
	// Remedy returns, from facts alone, what compensate does about the step after a run failed. Nil, or no remedy, keeps what
	// the step did; why says that it must be kept, or that this cannot be determined.
	Remedy func(situation) (todo *remedy, why string)
}

// Owner is a part of a region: its one satellite, or one of its providers, each with a legacy release and a switch.
type Owner string

// Owners of steps.
const (
	OwnerSatellite Owner = "satellite"
	OwnerProvider  Owner = "provider"
)

// primaryOnly returns the rights of a step that only changes the primary: none.
func primaryOnly(snapshot.Scope) []cluster.Rule { return nil }

// Decision is what a step concludes from the facts: Action, Reason and Details.
type Decision = v1alpha1.StepPlan

func already(format string, args ...any) Decision {
	return decided(v1alpha1.ActionNone, format, args...)
}
func check(format string, args ...any) Decision {
	return decided(v1alpha1.ActionCheck, format, args...)
}
func blocked(format string, args ...any) Decision {
	return decided(v1alpha1.ActionBlocked, format, args...)
}

func decided(action v1alpha1.StepAction, format string, args ...any) Decision {
	return Decision{Action: action, Reason: fmt.Sprintf(format, args...)}
}

func change(reason string, details ...string) Decision {
	return Decision{Action: v1alpha1.ActionChange, Reason: reason, Details: details}
}

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
