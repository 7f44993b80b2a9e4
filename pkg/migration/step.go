package migration

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Step is one idempotent unit of an operation on a region: a row of
// Operation.Steps, and all that is known about the step. The engine reads what
// the step looks at, lets it decide, applies it, and then reads and decides
// again: a step is verified when its decision has become ActionNone.
type Step struct {
	Name  string          // stable: reports and journals use it, for example "install-satellite"
	Owner Owner           // the part of a region that the step belongs to
	Reads []snapshot.Item // that Decide looks at
	// Rights returns the rights in its owner's cluster that Apply and Remedy need,
	// beyond those to read; primaryOnly says that there are none.
	Rights func(snapshot.Scope) []cluster.Rule

	// Decide is the probe: it says, from facts alone, whether the step is done,
	// what would change, or why nothing can be done. It must not do I/O.
	Decide func(*snapshot.Snapshot) Decision
	// Show adds to the plan what the rendering shows, which is read if the step would
	// change something; may be nil.
	Show func(*snapshot.Snapshot, *v1alpha1.StepPlan)
	// Note adds to the owner's record, before the step is applied, what the step
	// found and is about to do, so that a later run can tell the two apart; may be nil.
	Note func(*snapshot.Snapshot, *journal.Record)
	// Apply makes the change. Waits end with ctx; writes that must not be torn run
	// under run.Commit. It must be safe to repeat, whatever a crash left.
	Apply func(ctx context.Context, run *Run) error

	// ProvesNewPath is set for a step that proves the path over the satellite: if
	// it fails, Networking v2 is switched off, however well everything looks.
	ProvesNewPath bool
	// Noticeable is set for a step that changes what users use, and whose effect they
	// may notice: what is measured until it begins is how it was before.
	Noticeable bool
	// Leaves are the measured ways that users no longer go once the step has begun.
	Leaves []string
	// Remedy decides, from facts alone, what compensate does about the step after
	// a run failed. Nil, or no remedy, means that what the step did stays; a
	// reason means that it cannot be determined, or must not be done.
	Remedy func(situation) (todo *remedy, why string)
}

// waits returns the step as one that changes nothing: it waits for something until
// ready returns nil. done says what is so then.
func (step Step) waits(something string, ready func(*snapshot.Snapshot) error, done func(*snapshot.Snapshot) string) Step {
	step.Rights = primaryOnly
	step.Decide = func(s *snapshot.Snapshot) Decision {
		if ready(s) != nil {
			return check("wait until " + done(s))
		}
		return already(done(s))
	}
	step.Apply = func(ctx context.Context, run *Run) error {
		return run.WaitFor(ctx, "waiting for "+something, step.Reads, ready)
	}
	return step
}

// Owner is a part of a region. A region has one satellite, and each of its
// providers has a legacy release and a switch.
type Owner string

// Owners of steps.
const (
	OwnerSatellite Owner = "satellite"
	OwnerProvider  Owner = "provider"
)

// primaryOnly are the rights of a step that changes nothing but the primary.
func primaryOnly(snapshot.Scope) []cluster.Rule { return nil }

// Decision is what a step makes of the facts.
type Decision struct {
	Action v1alpha1.StepAction
	// Reason is one sentence: what is in place, what would change, or what is in the way.
	Reason  string
	Details []string // further lines
}

func already(reason string) Decision { return Decision{Action: v1alpha1.ActionNone, Reason: reason} }
func check(reason string) Decision   { return Decision{Action: v1alpha1.ActionCheck, Reason: reason} }
func blocked(reason string) Decision { return Decision{Action: v1alpha1.ActionBlocked, Reason: reason} }

func change(reason string, details ...string) Decision {
	return Decision{Action: v1alpha1.ActionChange, Reason: reason, Details: details}
}
