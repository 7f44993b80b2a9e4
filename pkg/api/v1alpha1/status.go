package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// StatusReport says how every region is, check by check.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type StatusReport struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment.
	Primary Primary `json:"primary"`
	// Outcome is Succeeded when no check failed, else Failed.
	Outcome Outcome `json:"outcome"`
	// Taken is when the facts were gathered.
	Taken metav1.Time `json:"taken"`
	// Regions are the regions in the fleet's order.
	Regions []RegionStatus `json:"regions"`
}

// Phase is where a region stands on its way.
type Phase string

// Phases of a region.
const (
	PhaseLegacy    Phase = "Legacy"    // no satellite serves it
	PhasePartial   Phase = "Partial"   // a migration was begun and is not complete
	PhaseMigrated  Phase = "Migrated"  // served by its satellite, legacy release retained
	PhaseFinalized Phase = "Finalized" // served by its satellite, legacy release removed
	PhaseUnknown   Phase = "Unknown"   // could not be told
)

// RegionStatus is the status of one region.
type RegionStatus struct {
	Name      string   `json:"name"`
	Context   string   `json:"context"`
	Provider  Provider `json:"provider"`
	AccessURL string   `json:"accessURL,omitempty"`
	// Phase is where the region stands.
	Phase Phase `json:"phase"`
	// Outcome is Succeeded when no check of the region failed, else Failed.
	Outcome Outcome `json:"outcome"`
	// NetworkingV2 is the provider's networking.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// SatelliteVersion is the app version of the deployed release; empty if none.
	SatelliteVersion string `json:"satelliteVersion,omitempty"`
	// Run is the last or present run on the region, from its journal and lock; nil if there was none.
	Run *Run `json:"run,omitempty"`
	// Checks are the results, in the order of the checks.
	Checks []CheckResult `json:"checks"`
}

// Run is a run as its journal and lock tell it.
type Run struct {
	Operation string      `json:"operation"`
	Operator  string      `json:"operator"`
	Step      string      `json:"step,omitempty"`
	State     StepState   `json:"state,omitempty"`
	Outcome   Outcome     `json:"outcome,omitempty"`
	Started   metav1.Time `json:"started"`
	Updated   metav1.Time `json:"updated"`
	// Holder holds the region's lock; empty when it is free.
	Holder string `json:"holder,omitempty"`
	// HeldSince is when Holder took the lock.
	HeldSince *metav1.Time `json:"heldSince,omitempty"`
}

// CheckState is the answer to a check. An unknown is never a pass.
type CheckState string

// Check states.
const (
	CheckPass    CheckState = "Pass"
	CheckWarn    CheckState = "Warn"
	CheckFail    CheckState = "Fail"
	CheckSkipped CheckState = "Skipped" // does not apply here
	CheckUnknown CheckState = "Unknown" // could not be determined
)

// Severity is how much a check that does not pass matters.
type Severity string

// Severities.
const (
	SeverityError   Severity = "Error"
	SeverityWarning Severity = "Warning"
)

// CheckResult is the answer to one check.
type CheckResult struct {
	// ID is stable, for example "satellite-ready".
	ID       string     `json:"id"`
	Category string     `json:"category"`
	Severity Severity   `json:"severity"`
	State    CheckState `json:"state"`
	// Message is one sentence: what was found.
	Message string `json:"message"`
	// Hint says what to do, when the check did not pass.
	Hint string `json:"hint,omitempty"`
}

// CheckList describes checks; explain prints it.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type CheckList struct {
	metav1.TypeMeta `json:",inline"`

	Items []CheckInfo `json:"items"`
}

// CheckInfo describes one check.
type CheckInfo struct {
	ID       string   `json:"id"`
	Category string   `json:"category"`
	Severity Severity `json:"severity"`
	// Preflight tells whether a failure stops a migration before it starts.
	Preflight bool `json:"preflight"`
	// Question is what the check asks, one line.
	Question string `json:"question"`
	// Explanation says what it means when the check does not pass, and how to mend it.
	Explanation string `json:"explanation"`
}
