package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MigrationReport says what a command that changes regions did: migrate, rollback, retain, remove or finalize.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type MigrationReport struct {
	metav1.TypeMeta `json:",inline"`

	// Operation is the verb, for example "migrate".
	Operation string `json:"operation"`
	// Primary is the primary deployment that the regions belong to.
	Primary Primary `json:"primary"`
	// Outcome is how the command ended as a whole: PartlyFailed if some regions succeeded and some failed.
	Outcome Outcome `json:"outcome"`
	// ExitCode is the process's exit code, which outcome determines.
	// +k8s:validation:minimum=0
	// +k8s:validation:maximum=255
	ExitCode int `json:"exitCode"`
	// Started is when the first region could begin, after the plan and its confirmation, by the operator's clock.
	Started metav1.Time `json:"started"`
	// Finished is when the last region was done, by the operator's clock.
	Finished metav1.Time `json:"finished"`
	// Regions are the reports of the regions, in the fleet's order.
	Regions []RegionReport `json:"regions"`
}

// RegionReport says what was done to one region.
type RegionReport struct {
	// Name is the region's name in the fleet.
	Name string `json:"name"`
	// Outcome is how the command ended for this region: PartlyFailed if some of its providers are done and some are not.
	Outcome Outcome `json:"outcome"`
	// Satellite is the region's satellite; missing if the region has none.
	Satellite *SatelliteReport `json:"satellite,omitempty"`
	// Providers are the region's providers that were selected, in the fleet's order.
	Providers []ProviderReport `json:"providers"`
	// Resumed says where an earlier run that did not succeed stopped, and when; missing if there was none.
	Resumed string `json:"resumed,omitempty"`
	// Steps are the steps that ran, in the order in which they ran; an undo is a step result of its own.
	Steps []StepResult `json:"steps"`
	// Preflight are the checks that failed, warn, or could not be answered.
	Preflight []CheckResult `json:"preflight,omitempty"`
	// Error says why the region failed; missing if it did not.
	Error string `json:"error,omitempty"`
	// Measured is what users' clients felt meanwhile; missing if it was not measured.
	Measured *Measurements `json:"measured,omitempty"`
	// Left are the things that a failed run leaves behind, one sentence each.
	Left []string `json:"left,omitempty"`
	// Next is the one command to type next; missing if there is none.
	Next string `json:"next,omitempty"`
	// Evidence is the path, on the operator's machine, of the folder with what was captured of a failure, once Networking
	// v2 was settled and before anything else was undone; missing if nothing was captured.
	Evidence string `json:"evidence,omitempty"`
}

// SatelliteReport says how a run left a region's satellite.
type SatelliteReport struct {
	// Context is the kubeconfig context of the satellite's cluster.
	Context string `json:"context"`
	// After is how the run left the satellite; missing if nothing was begun.
	After *SatelliteState `json:"after,omitempty"`
}

// ProviderReport says how a run ended for one of a region's providers, and how it left it.
type ProviderReport struct {
	Provider `json:",inline"`

	// Context is the kubeconfig context of the provider's cluster.
	Context string `json:"context"`
	// Outcome is how the command ended for this provider.
	Outcome Outcome `json:"outcome"`
	// Error says why the provider failed, or was not started; missing if it is done.
	Error string `json:"error,omitempty"`
	// After is how the run left the provider; missing if nothing was begun.
	After *ProviderState `json:"after,omitempty"`
}

// SatelliteState is how a run left a satellite, as read at its end.
type SatelliteState struct {
	// Registered is Yes if the primary lists the satellite's own key.
	Registered Finding `json:"registered"`
	// Release is Helm's status of the release's newest record, for example "deployed"; "none" without a record,
	// "Unknown" if the records could not be read.
	Release string `json:"release"`
	// Answers is Yes if the access URL serves the satellite's own key, and the primary's API answers through it.
	Answers Finding `json:"answers"`
}

// ProviderState is how a run left a provider, as read at its end.
type ProviderState struct {
	// NetworkingV2 is which path the provider's users take.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// PathAnswers is Yes if what users connect to with Networking v2 answers: the satellite or, in a region without one, the primary.
	PathAnswers Finding `json:"pathAnswers"`
	// LegacyRetained is Yes if the legacy release survives `helm uninstall`, None if there is no legacy release.
	LegacyRetained Finding `json:"legacyRetained"`
	// Adoption counts the provider's workspaces by the path that they use; missing if that is not known.
	Adoption *Adoption `json:"adoption,omitempty"`
	// Distance is how far the provider's users were and are, as the latest migration measured it; missing if none did.
	Distance *Distance `json:"distance,omitempty"`
}

// Finding is the answer to a question about a region.
type Finding string

// Findings. What could not be determined is neither yes nor no.
const (
	FindingYes     Finding = "Yes"
	FindingNo      Finding = "No"
	FindingNone    Finding = "None"    // the question does not apply: the thing does not exist
	FindingUnknown Finding = "Unknown" // could not be determined
)

// StepState is how a step ended.
type StepState string

// Step states.
const (
	StepAlready     StepState = "Already"     // already in place, nothing was written
	StepRunning     StepState = "Running"     // not ended, or its end was not recorded; never in a MigrationReport
	StepDone        StepState = "Done"        // applied and verified
	StepFailed      StepState = "Failed"      // not applied, or not verified
	StepUndone      StepState = "Undone"      // what the step did was undone
	StepUndoFailed  StepState = "UndoFailed"  // undoing it failed
	StepInterrupted StepState = "Interrupted" // stopped by a signal, a timeout or a lost lock
)

// StepResult is how one step ended.
type StepResult struct {
	// Name identifies the step, as in the plan.
	Name string `json:"name"`
	// Provider is the name of the provider that the step belongs to; missing for the satellite's steps.
	Provider string `json:"provider,omitempty"`
	// State is how the step ended.
	State StepState `json:"state"`
	// Message is one sentence: what was found or done.
	Message string `json:"message,omitempty"`
	// Error says why the step failed; missing if it did not.
	Error string `json:"error,omitempty"`
	// Started is when the step began, by the operator's clock.
	Started metav1.Time `json:"started"`
	// Finished is when the step ended, by the operator's clock; null while it has not.
	Finished metav1.Time `json:"finished"`
}
