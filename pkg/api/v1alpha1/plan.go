package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Plan says what a migration would do, and from which facts.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Plan struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment planned against.
	Primary Primary `json:"primary"`
	// Outcome is NothingToDo, ChangesPending, PreflightFailed or Failed.
	Outcome Outcome `json:"outcome"`
	// Waves are the region names in the order in which they would run.
	Waves [][]string `json:"waves"`
	// Regions are the plans of the regions, in the fleet's order.
	Regions []RegionPlan `json:"regions"`
}

// RegionPlan is the plan of one region.
type RegionPlan struct {
	Name      string   `json:"name"`
	Context   string   `json:"context"`
	Namespace string   `json:"namespace"`
	Release   string   `json:"release"`
	AccessURL string   `json:"accessURL"`
	Provider  Provider `json:"provider"`
	// Outcome is NothingToDo, ChangesPending, PreflightFailed or Failed.
	Outcome Outcome `json:"outcome"`
	// Fingerprint is "sha256:<hex>" over Basis: equal plans rest on equal facts.
	Fingerprint string `json:"fingerprint"`
	// Basis are the facts that the plan rests on; a migration by plan refuses when one differs.
	Basis Basis `json:"basis"`
	// Steps are the steps in their order.
	Steps []StepPlan `json:"steps"`
	// Preflight are the checks that failed (they stop the migration) or warn.
	Preflight []CheckResult `json:"preflight,omitempty"`
}

// Basis are the facts that a region's plan rests on.
type Basis struct {
	// ClusterUID is the UID of the namespace kube-system.
	ClusterUID string `json:"clusterUID"`
	// LegacyRelease is "namespace/name.revision" of the legacy release; empty if none.
	LegacyRelease string `json:"legacyRelease,omitempty"`
	// LegacyRetained tells whether every part of the retention was in place.
	LegacyRetained bool `json:"legacyRetained"`
	// SatelliteRevision is the revision of the satellite's deployed release; 0 if none.
	SatelliteRevision int `json:"satelliteRevision"`
	// ConnectTo is the HOST:PORT that is dialled for the access URL; empty for what DNS says.
	ConnectTo string `json:"connectTo,omitempty"`
	// ChartRepo is where the chart comes from: a repository's URL, or an oci:// reference; empty for a local chart.
	ChartRepo string `json:"chartRepo,omitempty"`
	// ChartName and ChartVersion are of the chart to install.
	ChartName    string `json:"chartName"`
	ChartVersion string `json:"chartVersion"`
	// ChartDigest is "sha256:<hex>" over the chart's files.
	ChartDigest string `json:"chartDigest"`
	// ValuesDigest is "sha256:<hex>" over the merged values (which may hold secrets, so not the values).
	ValuesDigest string `json:"valuesDigest"`
	// NetworkingV2 is the provider's state.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// Registration is the fingerprint of the satellite's registration; empty if none.
	Registration string `json:"registration,omitempty"`
	// Canary is the ID of the canary workspace; empty if none.
	Canary string `json:"canary,omitempty"`
}

// NetworkingV2 is the state of a provider's networking.
type NetworkingV2 string

// States of a provider's networking.
const (
	NetworkingV2On       NetworkingV2 = "On"
	NetworkingV2Off      NetworkingV2 = "Off"
	NetworkingV2AlwaysOn NetworkingV2 = "AlwaysOn" // primary of v1.22 or later: the option is gone
	NetworkingV2Unknown  NetworkingV2 = "Unknown"
)

// StepAction is what a plan intends for a step.
type StepAction string

// Step actions.
const (
	ActionNone    StepAction = "None"    // it is so already
	ActionChange  StepAction = "Change"  // the step would write
	ActionCheck   StepAction = "Check"   // the step reads and waits, and writes nothing
	ActionBlocked StepAction = "Blocked" // cannot be decided or done; Reason says why
)

// StepPlan is what a plan intends for one step.
type StepPlan struct {
	// Name is the step's name, for example "install-satellite".
	Name string `json:"name"`
	// Action is what would happen.
	Action StepAction `json:"action"`
	// Reason is one sentence: what is so already, or what would change.
	Reason string `json:"reason"`
	// Details are further lines, such as the objects that would change.
	Details []string `json:"details,omitempty"`
	// Diff is a unified diff of the manifest, Secret data redacted.
	Diff string `json:"diff,omitempty"`
}
