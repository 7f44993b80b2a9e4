package v1alpha1

// Outcome is how a command ended, for one region or as a whole. Each maps to
// one exit code; on Windows, where kubectl turns every failure into 1, the
// document is the only place that tells them apart.
type Outcome string

// Outcomes. The comment gives the process's exit code.
const (
	OutcomeSucceeded       Outcome = "Succeeded"       // 0
	OutcomeNothingToDo     Outcome = "NothingToDo"     // 0
	OutcomeFailed          Outcome = "Failed"          // 1
	OutcomeChangesPending  Outcome = "ChangesPending"  // 0, or 2 with --detailed-exitcode
	OutcomePartlyFailed    Outcome = "PartlyFailed"    // 3
	OutcomeLockHeld        Outcome = "LockHeld"        // 4; nothing was begun
	OutcomeLockLost        Outcome = "LockLost"        // 4; stopped when the lock was gone
	OutcomePreflightFailed Outcome = "PreflightFailed" // 5
	OutcomeTimedOut        Outcome = "TimedOut"        // 124
	OutcomeInterrupted     Outcome = "Interrupted"     // 130
	OutcomeNotStarted      Outcome = "NotStarted"      // a region that another's failure kept from starting
)

// Primary is the primary deployment as a document shows it.
type Primary struct {
	// URL is the primary's access URL.
	URL string `json:"url"`
	// Version is the primary's version without a leading v; empty if unknown.
	Version string `json:"version,omitempty"`
	// Operator is the e-mail address of the user whose token is used; empty if unknown.
	Operator string `json:"operator,omitempty"`
}

// Provider names a workspace provider.
type Provider struct {
	ID   string `json:"id,omitempty"`
	Name string `json:"name,omitempty"`
}
