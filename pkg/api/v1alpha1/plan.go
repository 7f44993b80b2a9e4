package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Plan says what a migration would do, and from which facts. `plan` prints it,
// and `migrate --plan FILE` applies exactly it, or refuses.
//
// +input
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Plan struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment planned against.
	Primary Primary `json:"primary"`
	// Outcome is NothingToDo, ChangesPending, PreflightFailed or Failed: the most serious of the regions'. If --skip-unreachable
	// left regions out, and no other fails its preflight, it is PartlyFailed.
	Outcome Outcome `json:"outcome"`
	// Waves are the parts of the rollout, in the order in which they would run.
	Waves []PlanWave `json:"waves"`
	// Regions are the plans of the regions, in the fleet's order.
	Regions []RegionPlan `json:"regions"`
}

// PlanWave is a part of the rollout; it starts when the one before it is done.
type PlanWave struct {
	// Name is the wave's name in the fleet.
	Name string `json:"name"`
	// Regions are the names of its regions.
	Regions []string `json:"regions"`
	// Waits are what its regions wait for, beside the wave before: a window, an approval, the soak and the gates of that wave.
	Waits []string `json:"waits,omitempty"`
}

// RegionPlan is the plan of one region.
type RegionPlan struct {
	// Name is the region's name in the fleet.
	Name string `json:"name"`
	// Outcome is NothingToDo, ChangesPending, PreflightFailed or Failed, or Unreachable: left out by --skip-unreachable, for
	// the reason in its one step. A provider that fails its preflight does not keep the others from changing: its own
	// outcome says so, and the region's is theirs.
	Outcome Outcome `json:"outcome"`
	// Fingerprint is "sha256:<hex>" over all bases: equal plans rest on equal facts.
	Fingerprint string `json:"fingerprint"`
	// Satellite is the region's satellite; missing if the region has none.
	Satellite *SatellitePlan `json:"satellite,omitempty"`
	// Providers are the region's providers that were selected, in the fleet's order.
	Providers []ProviderPlan `json:"providers"`
	// Steps are the steps in the order in which they would run; the first is the preflight.
	Steps []StepPlan `json:"steps"`
	// Preflight are the checks that failed, which stops the migration, that warn, or whose answer is unknown.
	Preflight []CheckResult `json:"preflight,omitempty"`
}

// SatellitePlan names the satellite of a plan, and the facts that the plan rests on.
type SatellitePlan struct {
	// Context is the kubeconfig context of the satellite's cluster.
	Context string `json:"context"`
	// Namespace is the namespace of the satellite, defaults filled in.
	Namespace string `json:"namespace"`
	// Release is the Helm release name of the satellite, defaults filled in.
	Release string `json:"release"`
	// AccessURL is where users reach the satellite, without a trailing slash; empty for a verb that needs none and got none.
	AccessURL string `json:"accessURL"`
	// Basis are the facts that the plan rests on; a migration by plan refuses when one differs.
	Basis SatelliteBasis `json:"basis"`
}

// ProviderPlan names a provider of a plan, and the facts that the plan rests on.
type ProviderPlan struct {
	Provider `json:",inline"`

	// Context is the kubeconfig context of the provider's cluster.
	Context string `json:"context"`
	// Outcome is NothingToDo, ChangesPending, PreflightFailed or Unreachable.
	Outcome Outcome `json:"outcome"`
	// Impact counts whom the switch of the provider's networking concerns; missing if none is planned, or if it is
	// unknown, as a detail of the step then says. It is not part of the basis.
	Impact *Impact `json:"impact,omitempty"`
	// Basis are the facts that the plan rests on; a migration by plan refuses when one differs.
	Basis ProviderBasis `json:"basis"`
}

// SatelliteBasis are the facts about a satellite that a plan rests on.
type SatelliteBasis struct {
	// ClusterUID is the UID of the namespace kube-system, which identifies the cluster; empty if unknown.
	ClusterUID string `json:"clusterUID"`
	// SatelliteRevision is the revision of the satellite's deployed Helm release; 0 if there is none.
	// +k8s:validation:minimum=0
	SatelliteRevision int `json:"satelliteRevision"`
	// SatelliteOwner is "flux" or "argocd" if that controller owns the release, or is to own it. It may install revisions at any
	// time, so that SatelliteRevision is 0 then.
	SatelliteOwner string `json:"satelliteOwner,omitempty"`
	// ConnectTo is the HOST:PORT that is dialled instead of the access URL's; missing if DNS decides.
	ConnectTo string `json:"connectTo,omitempty"`
	// ChartRepo is where the chart comes from: a repository's URL, or an oci:// reference; missing for a local chart.
	ChartRepo string `json:"chartRepo,omitempty"`
	// ChartName is the name of the chart to install, from its Chart.yaml; empty if the chart could not be loaded.
	ChartName string `json:"chartName"`
	// ChartVersion is the version of the chart to install, from its Chart.yaml; empty if the chart could not be loaded.
	ChartVersion string `json:"chartVersion"`
	// ChartDigest is "sha256:<hex>" over the chart's files; empty if the chart could not be loaded.
	ChartDigest string `json:"chartDigest"`
	// ValuesDigest is "sha256:<hex>" over the merged values, which may hold secrets and are therefore not shown;
	// empty if they could not be read.
	ValuesDigest string `json:"valuesDigest"`
	// Registration is the fingerprint of the key that the satellite is registered with at the primary; missing if it is not registered.
	Registration string `json:"registration,omitempty"`
}

// ProviderBasis are the facts about a provider that a plan rests on.
type ProviderBasis struct {
	// ClusterUID is the UID of the namespace kube-system, which identifies the cluster; empty if unknown.
	ClusterUID string `json:"clusterUID"`
	// LegacyRelease is "namespace/name.revision" of the legacy release; missing if there is none.
	LegacyRelease string `json:"legacyRelease,omitempty"`
	// LegacyRetained reports whether every part of the retention was in place.
	LegacyRetained bool `json:"legacyRetained"`
	// NetworkingV2 is the provider's networking when the plan was made.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// Canary is the ID of the workspace that would be rebuilt; missing if there is none.
	Canary string `json:"canary,omitempty"`
}

// NetworkingV2 is the state of a provider's networking.
type NetworkingV2 string

// States of a provider's networking.
const (
	NetworkingV2On       NetworkingV2 = "On"       // users connect by WebRTC
	NetworkingV2Off      NetworkingV2 = "Off"      // users connect through the envproxy
	NetworkingV2AlwaysOn NetworkingV2 = "AlwaysOn" // primary of v1.22 or later: the option is gone
	NetworkingV2Unknown  NetworkingV2 = "Unknown"  // the provider or the primary's version could not be read
)

// StepAction is what a plan intends for a step.
type StepAction string

// Step actions.
const (
	ActionNone    StepAction = "None"    // already in place
	ActionChange  StepAction = "Change"  // the step would write
	ActionCheck   StepAction = "Check"   // the step reads and waits, and writes nothing
	ActionBlocked StepAction = "Blocked" // cannot be decided or done; the reason says why
)

// StepPlan is what a plan intends for one step.
type StepPlan struct {
	// Name identifies the step, for example "install-satellite".
	Name string `json:"name"`
	// Provider is the name of the provider that the step belongs to; missing for the preflight and the satellite's steps.
	Provider string `json:"provider,omitempty"`
	// Action is what would happen.
	Action StepAction `json:"action"`
	// Reason is one sentence: what is already in place, what would change, or what blocks the step.
	Reason string `json:"reason"`
	// Details are further lines, such as the objects that would change.
	Details []string `json:"details,omitempty"`
	// Diff is a unified diff of the satellite's manifest, with Secret data redacted; missing if nothing differs.
	Diff string `json:"diff,omitempty"`
}
