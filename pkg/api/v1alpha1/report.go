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
	// Evidence is the folder with what was captured before anything was undone.
	Evidence string `json:"evidence,omitempty"`
}

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
