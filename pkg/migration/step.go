package migration

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Step is one idempotent unit of an operation on a region. The engine reads
// what the step looks at, lets it decide, applies it, and then reads and
// decides again: a step is verified when its decision has become ActionNone.
// What is done when a step fails is not the step's matter: see compensate.
type Step interface {
	// Name is the step's stable name, for example "install-satellite".
	Name() string
	// Reads are the items that Decide looks at.
	Reads() []snapshot.Item
	// Decide is the probe: it says, from facts alone, whether the step is done,
	// what would change, or why nothing can be done. It must not do I/O.
	Decide(*snapshot.Snapshot) Decision
	// Apply makes the change. Waits end with ctx; writes that must not be torn run
	// under run.Commit. It must be safe to repeat, whatever a crash left.
	Apply(ctx context.Context, run *Run) error
}

// Decision is what a step makes of the facts.
type Decision struct {
	Action v1alpha1.StepAction
	// Reason is one sentence: what is in place, what would change, or what is in the way.
	Reason string
	// Details are further lines.
	Details []string
}

func already(reason string) Decision { return Decision{Action: v1alpha1.ActionNone, Reason: reason} }
func check(reason string) Decision   { return Decision{Action: v1alpha1.ActionCheck, Reason: reason} }
func blocked(reason string) Decision { return Decision{Action: v1alpha1.ActionBlocked, Reason: reason} }

func change(reason string, details ...string) Decision {
	return Decision{Action: v1alpha1.ActionChange, Reason: reason, Details: details}
}

// noter is a step that has something to say in the journal before it acts, so
// that a later run can tell what the step did from what it found.
type noter interface {
	// Note adds to the record what the step found and is about to do.
	Note(*snapshot.Snapshot, *journal.Record)
}
