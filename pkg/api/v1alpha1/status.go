package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// StatusReport is the state of every region, check by check.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type StatusReport struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment that the regions belong to.
	Primary Primary `json:"primary"`
	// Outcome is Succeeded when no check failed, else Failed.
	Outcome Outcome `json:"outcome"`
	// Taken is when the facts were gathered, by the operator's clock.
	Taken metav1.Time `json:"taken"`
	// Regions are the regions in the fleet's order.
	Regions []RegionStatus `json:"regions"`
}

// Phase is where a region is in its migration.
type Phase string

// Phases of a region.
const (
	PhaseLegacy    Phase = "Legacy"    // no satellite serves it, or Networking v2 is off in a region without one
	PhasePartial   Phase = "Partial"   // a migration was started and is not complete
	PhaseMigrated  Phase = "Migrated"  // served by its satellite, legacy release still there; or by the primary, with Networking v2
	PhaseAdopted   Phase = "Adopted"   // Migrated, and every workspace was built since the switch
	PhaseFinalized Phase = "Finalized" // served by its satellite, legacy release removed
	PhaseUnknown   Phase = "Unknown"   // a fact that decides it could not be determined
)

// RegionStatus is the status of one region.
type RegionStatus struct {
	// Name is the region's name in the fleet.
	Name string `json:"name"`
	// Phase is the phase that all providers are in; otherwise Partial, or Unknown if one of them is.
	Phase Phase `json:"phase"`
	// Outcome is Succeeded when no check of the region failed, else Failed.
	Outcome Outcome `json:"outcome"`
	// Satellite is the region's satellite; missing if the region has none.
	Satellite *SatelliteStatus `json:"satellite,omitempty"`
	// Providers are the region's providers that were selected, in the fleet's order.
	Providers []ProviderStatus `json:"providers"`
	// Checks are the results, in the order of the checks; those about a provider, for each provider in turn.
	Checks []CheckResult `json:"checks"`
}

// SatelliteStatus is the status of a region's satellite.
type SatelliteStatus struct {
	// Context is the kubeconfig context of the satellite's cluster.
	Context string `json:"context"`
	// AccessURL is where users reach the satellite; missing if neither the Fleet nor a flag names it.
	AccessURL string `json:"accessURL,omitempty"`
	// Version is the app version of the satellite's deployed Helm release; missing if there is none.
	Version string `json:"version,omitempty"`
	// Run is the last or current run on the satellite, from its journal and lock; missing if there was none.
	Run *Run `json:"run,omitempty"`
}

// ProviderStatus is the status of one of a region's providers.
type ProviderStatus struct {
	Provider `json:",inline"`

	// Context is the kubeconfig context of the provider's cluster.
	Context string `json:"context"`
	// Phase is where the provider is in its migration.
	Phase Phase `json:"phase"`
	// NetworkingV2 is the provider's networking, from the primary.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// Adoption counts the provider's workspaces by the path that they use; missing if that is not known.
	Adoption *Adoption `json:"adoption,omitempty"`
	// Distance is how far the provider's users were and are, as the latest migration measured it; missing if none did.
	Distance *Distance `json:"distance,omitempty"`
	// LongestGapMilliseconds is the longest time without an answer that the latest migration measured, in milliseconds;
	// missing if none did.
	// +k8s:validation:minimum=0
	LongestGapMilliseconds *int64 `json:"longestGapMilliseconds,omitempty"`
	// Run is the last or current run on the provider, from its journal and lock; missing if there was none.
	Run *Run `json:"run,omitempty"`
}

// Run is a run on a satellite or a provider, from its journal and lock. Times are by the operator's clock.
type Run struct {
	// ID identifies the run in all journals that record it; missing in records of earlier versions.
	ID string `json:"runID,omitempty"`
	// Operation is the verb, for example "migrate"; empty if only a lock is known.
	Operation string `json:"operation"`
	// Operator is the e-mail address of the user who ran it; empty if only a lock is known.
	Operator string `json:"operator"`
	// Step is the step that started last.
	Step string `json:"step,omitempty"`
	// State is how far that step got.
	State StepState `json:"state,omitempty"`
	// Outcome is how the run ended; missing while it runs, or if it died.
	Outcome Outcome `json:"outcome,omitempty"`
	// Reason is why it was run, in the operator's words; missing if none was given.
	Reason string `json:"reason,omitempty"`
	// Error is the first error of its steps, or why the journal could not be read; missing if there was none.
	Error string `json:"error,omitempty"`
	// Started is when the run began; null if only a lock is known.
	Started metav1.Time `json:"started"`
	// Updated is when the journal was last written; null if only a lock is known.
	Updated metav1.Time `json:"updated"`
	// Holder is the run that holds the lock, as OPERATOR@HOST/RUN; missing when the lock is free.
	Holder string `json:"holder,omitempty"`
	// HeldSince is when holder took the lock; missing when the lock is free.
	HeldSince *metav1.Time `json:"heldSince,omitempty"`
}

// CheckState is the answer to a check. An unknown is never a pass.
type CheckState string

// Check states.
const (
	CheckPass    CheckState = "Pass"
	CheckWarn    CheckState = "Warn"    // not as it should be; fails nothing
	CheckFail    CheckState = "Fail"    // the region fails
	CheckSkipped CheckState = "Skipped" // does not apply here, or another check reports the cause
	CheckUnknown CheckState = "Unknown" // could not be determined; fails the region if the severity is Error
)

// Severity is the effect of a check that does not pass.
type Severity string

// Severities.
const (
	SeverityError   Severity = "Error"   // fails the region
	SeverityWarning Severity = "Warning" // fails nothing
)

// CheckResult is the answer to one check.
type CheckResult struct {
	// ID names the check, for example "satellite-ready"; IDs never change. `explain ID` says more.
	ID string `json:"id"`
	// Provider is the name of the provider that the check is about; missing if it is about the primary or the satellite.
	Provider string `json:"provider,omitempty"`
	// Category is what the check is about, for example "cluster", "provider" or "satellite".
	Category string `json:"category"`
	// Severity is the effect if the check does not pass.
	Severity Severity `json:"severity"`
	// State is the answer.
	State CheckState `json:"state"`
	// Message is one sentence: what was found.
	Message string `json:"message"`
	// Hint says what to do if the check did not pass.
	Hint string `json:"hint,omitempty"`
}

// Failed reports whether the result stops an operation and makes its region fail: the check failed, or its answer is
// unknown although it matters. This is the one place that says that an unknown is never ok.
func (r CheckResult) Failed() bool {
	return r.State == CheckFail || r.State == CheckUnknown && r.Severity == SeverityError
}

// Notable reports whether a reader has to know of the result: it neither passed nor was skipped.
func (r CheckResult) Notable() bool {
	return r.State != CheckPass && r.State != CheckSkipped
}

// Notable returns the results that a reader has to know of, in their order.
func Notable(results []CheckResult) []CheckResult {
	var notable []CheckResult
	for _, r := range results {
		if r.Notable() {
			notable = append(notable, r)
		}
	}
	return notable
}

// CheckList describes checks; explain prints it.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type CheckList struct {
	metav1.TypeMeta `json:",inline"`

	// Items are the checks, in the order in which they run.
	Items []CheckInfo `json:"items"`
}

// CheckInfo describes one check.
type CheckInfo struct {
	// ID names the check, for example "satellite-ready"; IDs never change.
	ID string `json:"id"`
	// Category is what the check is about, for example "cluster", "provider" or "satellite".
	Category string `json:"category"`
	// Severity is the effect if the check does not pass.
	Severity Severity `json:"severity"`
	// Preflight reports whether a failure stops a migration before it starts.
	Preflight bool `json:"preflight"`
	// Question is what the check asks, one line.
	Question string `json:"question"`
	// Explanation says what it means when the check does not pass, and how to fix it.
	Explanation string `json:"explanation"`
}
