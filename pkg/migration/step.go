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
type Step interface {
	// Name is the step's stable name, for example "install-satellite".
	Name() string
	// Reads are the items that Decide looks at.
	Reads() []snapshot.Item
	// Decide is the probe: it says, from facts alone, whether it is so already,
	// what would change, or why nothing can be done. It must not do I/O.
	Decide(*snapshot.Snapshot) Decision
	// Apply makes it so. Waits end with ctx; writes that must not be torn run
	// under run.Commit. It must be safe to repeat, whatever a crash left.
	Apply(ctx context.Context, run *Run) error
	// Undo takes back what Apply did, half done or not. It returns a sentence
	// that says what is now so.
	Undo(ctx context.Context, run *Run) (string, error)
}

// Decision is what a step makes of the facts.
type Decision struct {
	Action v1alpha1.StepAction
	// Reason is one sentence: what is so already, what would change, or what is in the way.
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

// Operation is a verb that changes regions, as steps in their order.
type Operation struct {
	// Name is the verb, for example "migrate".
	Name string
	// Preflight returns the results of the checks that must pass first.
	Preflight func(*snapshot.Snapshot) []v1alpha1.CheckResult
	// Steps are the steps in the order in which they are applied.
	Steps []Step
	// KeepOnFailure is how many of the first steps stay as they are when a
	// later step fails: they do no harm, and the next run goes on from them.
	// The failed step itself is always undone.
	KeepOnFailure int
}

// Migrate returns the operation that moves a region to its satellite. What is
// before the switch to Networking v2 stays after a later failure: a satellite
// that is installed and registered serves nobody until the switch, and
// uninstalling it would give up the load balancer's address that the operator
// has just put into DNS.
func Migrate() Operation {
	return Operation{
		Name:      "migrate",
		Preflight: preflightMigrate,
		Steps: []Step{
			retainLegacy{},
			installSatellite{},
			exposeSatellite{},
			registerSatellite{},
			verifySatellite{},
			enableNetworkingV2{},
			rebuildCanary{},
			verifyConnectivity{},
		},
		KeepOnFailure: 5,
	}
}
