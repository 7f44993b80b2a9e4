package v1alpha1

// Outcome is how a command ended, for one region or as a whole. Each has one exit code;
// on Windows, where kubectl turns every failure into 1, only the document has it.
type Outcome string

// Outcomes. The comment gives the process's exit code.
const (
	OutcomeSucceeded       Outcome = "Succeeded"       // exit code 0
	OutcomeNothingToDo     Outcome = "NothingToDo"     // exit code 0
	OutcomeFailed          Outcome = "Failed"          // exit code 1
	OutcomeChangesPending  Outcome = "ChangesPending"  // exit code 0, or 2 with --detailed-exitcode
	OutcomePartlyFailed    Outcome = "PartlyFailed"    // exit code 3; some regions succeeded, some failed or were left out
	OutcomeLockHeld        Outcome = "LockHeld"        // exit code 4; another run holds the lock, nothing was started
	OutcomeLockLost        Outcome = "LockLost"        // exit code 4; the run lost its lock and stopped
	OutcomePreflightFailed Outcome = "PreflightFailed" // exit code 5; nothing was changed
	OutcomeTimedOut        Outcome = "TimedOut"        // exit code 124
	OutcomeInterrupted     Outcome = "Interrupted"     // exit code 130
	OutcomeNotStarted      Outcome = "NotStarted"      // not started, because another region failed or the run was interrupted
	OutcomeUnreachable     Outcome = "Unreachable"     // left out by --skip-unreachable; nothing was changed there
)

// Primary is the primary deployment as a document shows it.
type Primary struct {
	// URL is the primary's access URL, as the login names it.
	URL string `json:"url"`
	// Version is the primary's version without a leading v, from its API; missing if unknown.
	Version string `json:"version,omitempty"`
	// Operator is the e-mail address of the user whose token is used, from the primary's API; missing if unknown.
	Operator string `json:"operator,omitempty"`
}

// Provider identifies a workspace provider. Both fields are missing if it was not found.
type Provider struct {
	// ID is the provider's ID in the primary's API, where it is a resource pool.
	ID string `json:"id,omitempty"`
	// Name is the provider's name at the primary.
	Name string `json:"name,omitempty"`
}
