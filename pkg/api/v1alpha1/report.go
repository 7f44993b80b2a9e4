package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MigrationReport says what a command that changes regions did: migrate,
// rollback, retain, remove, finalize, unlock.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type MigrationReport struct {
	metav1.TypeMeta `json:",inline"`

	// Operation is the verb, for example "migrate".
	Operation string `json:"operation"`
	// Primary is the primary deployment.
	Primary Primary `json:"primary"`
	// Outcome is how the command ended.
	Outcome Outcome `json:"outcome"`
	// ExitCode is the process's exit code.
	ExitCode int `json:"exitCode"`
	// Started and Finished bound the command.
	Started  metav1.Time `json:"started"`
	Finished metav1.Time `json:"finished"`
	// Regions are the reports of the regions, in the fleet's order.
	Regions []RegionReport `json:"regions"`
}

// RegionReport says what was done to one region.
type RegionReport struct {
	Name     string   `json:"name"`
	Context  string   `json:"context"`
	Provider Provider `json:"provider"`
	Outcome  Outcome  `json:"outcome"`
	// Resumed tells where an earlier, interrupted run stopped; empty if there was none.
	Resumed string `json:"resumed,omitempty"`
	// Steps are the steps that ran, in the order in which they ran; an undo is a step result of its own.
	Steps []StepResult `json:"steps"`
	// Preflight are the checks that failed or warn.
	Preflight []CheckResult `json:"preflight,omitempty"`
	// Error says why the region failed; empty if it did not.
	Error string `json:"error,omitempty"`
	// Left are the things that a failed run leaves behind, in words.
	Left []string `json:"left,omitempty"`
	// Next is the one command to type next; empty if there is none.
	Next string `json:"next,omitempty"`
	// Evidence is the folder with what was captured of a failure, once Networking
	// v2 was settled and before anything else was undone.
	Evidence string `json:"evidence,omitempty"`
	// After is how the run left the region; nil if nothing was begun.
	After *RegionState `json:"after,omitempty"`
}

// RegionState is how a run left a region, as read at its end.
type RegionState struct {
	// NetworkingV2 is which path the provider's users take.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// Registered: the primary lists the satellite's own key.
	Registered Finding `json:"registered"`
	// SatelliteRelease is Helm's status of the release's newest record, "none" or "Unknown".
	SatelliteRelease string `json:"satelliteRelease"`
	// SatelliteAnswers: the access URL serves the satellite's own key, and the
	// primary's API answers through it.
	SatelliteAnswers Finding `json:"satelliteAnswers"`
	// LegacyRetained: the legacy release survives `helm uninstall`; None if there is no legacy release.
	LegacyRetained Finding `json:"legacyRetained"`
}

// Finding is the answer to a question about a region.
type Finding string

// Findings. What could not be determined is neither yes nor no.
const (
	FindingYes     Finding = "Yes"
	FindingNo      Finding = "No"
	FindingNone    Finding = "None"
	FindingUnknown Finding = "Unknown"
)

// StepState is how a step ended.
type StepState string

// Step states.
const (
	StepAlready     StepState = "Already"     // it was so already, nothing was written
	StepRunning     StepState = "Running"     // seen in a journal, never in a report
	StepDone        StepState = "Done"        // applied and verified
	StepFailed      StepState = "Failed"      // not applied, or not verified
	StepUndone      StepState = "Undone"      // what the step did was taken back
	StepUndoFailed  StepState = "UndoFailed"  // taking it back failed
	StepInterrupted StepState = "Interrupted" // stopped by a signal, a timeout or a lost lock
)

// StepResult is how one step ended.
type StepResult struct {
	Name  string    `json:"name"`
	State StepState `json:"state"`
	// Message is one sentence: what was found or done.
	Message string `json:"message,omitempty"`
	// Error says why it failed; empty if it did not.
	Error    string      `json:"error,omitempty"`
	Started  metav1.Time `json:"started"`
	Finished metav1.Time `json:"finished"`
}
