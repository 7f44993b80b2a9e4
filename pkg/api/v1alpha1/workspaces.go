package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// WorkspaceReport says which path the workspaces of providers use and, after a rebuild, what happened to them.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type WorkspaceReport struct {
	metav1.TypeMeta `json:",inline"`

	// Operation is "list" or "rebuild".
	Operation string `json:"operation"`
	// Primary is the primary deployment that the workspaces belong to.
	Primary Primary `json:"primary"`
	// Outcome is how the command ended as a whole. A list succeeds if the state of every workspace is known.
	Outcome Outcome `json:"outcome"`
	// Reason is why workspaces in use were rebuilt, in the operator's words; missing if none were selected.
	Reason string `json:"reason,omitempty"`
	// Providers are the providers, in the fleet's order.
	Providers []ProviderWorkspaces `json:"providers"`
	// Workspaces are the workspaces of all of them: in a list by provider and name, in a rebuild in the order in
	// which they are rebuilt, and then those that are left alone.
	Workspaces []Workspace `json:"workspaces"`
}

// ProviderWorkspaces sums up the workspaces of one provider.
type ProviderWorkspaces struct {
	Provider `json:",inline"`

	// Region is the region's name in the fleet.
	Region string `json:"region"`
	// NetworkingV2 is the provider's networking, from the primary.
	NetworkingV2 NetworkingV2 `json:"networkingV2"`
	// Adoption counts the workspaces by the path that they use; missing if it is unknown.
	Adoption *Adoption `json:"adoption,omitempty"`
	// Message says why it is unknown, or why no workspace of the provider could be rebuilt; missing otherwise.
	Message string `json:"message,omitempty"`
}

// Workspace is a user's workspace.
type Workspace struct {
	// ID is the workspace's ID in the primary's API.
	ID string `json:"id"`
	// Name is unique among its owner's workspaces only.
	Name string `json:"name"`
	// Owner is the e-mail address of its owner, or the owner's ID if the address is unknown.
	Owner string `json:"owner"`
	// Region is the region's name in the fleet.
	Region string `json:"region"`
	// Provider is the name of its provider.
	Provider string `json:"provider"`
	// Container is the state of its container, from the primary: "ON", "OFF", "CREATING", "FAILED" or "UNKNOWN".
	Container string `json:"container"`
	// State is which path it uses; missing if that is unknown.
	State WorkspaceState `json:"state,omitempty"`
	// LastBuilt is when it was built last, by the primary's clock.
	LastBuilt metav1.Time `json:"lastBuilt"`
	// LastConnection is when its owner was connected last, by the primary's clock; missing if never.
	LastConnection *metav1.Time `json:"lastConnection,omitempty"`
	// Rebuild is what a rebuild did to it; missing in a list.
	Rebuild RebuildState `json:"rebuild,omitempty"`
	// Reason is why it was left alone, not started, or failed; missing otherwise.
	Reason string `json:"reason,omitempty"`
}

// RebuildState says what a rebuild did to a workspace.
type RebuildState string

// Rebuild states.
const (
	RebuildPlanned    RebuildState = "Planned"    // it is to be rebuilt
	RebuildLeft       RebuildState = "Left"       // left alone: it needs no rebuild, or the options exclude it
	RebuildDone       RebuildState = "Done"       // it was rebuilt, and is on
	RebuildFailed     RebuildState = "Failed"     // it could not be rebuilt
	RebuildNotStarted RebuildState = "NotStarted" // selected, but its turn did not come
)

// WorkspaceState says which path a workspace uses, by its last build.
type WorkspaceState string

// States of workspaces.
const (
	WorkspaceAdopted  WorkspaceState = "Adopted"  // built since the latest switch: it uses the provider's present path
	WorkspaceWaiting  WorkspaceState = "Waiting"  // not built since: it uses the other path until it is rebuilt
	WorkspaceBuilding WorkspaceState = "Building" // a build is in progress
	WorkspaceFailed   WorkspaceState = "Failed"   // its last build failed: it cannot be used on any path
)

// Adoption counts a provider's workspaces by the path that they use.
type Adoption struct {
	// Total is how many workspaces the provider has.
	// +k8s:validation:minimum=0
	Total int `json:"total"`
	// Adopted is how many were built since the latest switch, and use the provider's present path.
	// +k8s:validation:minimum=0
	Adopted int `json:"adopted"`
	// WaitingOn is how many run, and use the other path until they are rebuilt.
	// +k8s:validation:minimum=0
	WaitingOn int `json:"waitingOn"`
	// WaitingOff is how many are off, and are rebuilt when their owners start them.
	// +k8s:validation:minimum=0
	WaitingOff int `json:"waitingOff"`
	// Building is how many are being built.
	// +k8s:validation:minimum=0
	Building int `json:"building"`
	// Failed is how many failed to build.
	// +k8s:validation:minimum=0
	Failed int `json:"failed"`
}

// Impact counts whom a switch of a provider's networking concerns.
type Impact struct {
	// Workspaces is how many the provider has.
	// +k8s:validation:minimum=0
	Workspaces int `json:"workspaces"`
	// On is how many of them run.
	// +k8s:validation:minimum=0
	On int `json:"on"`
	// Users is how many people own them.
	// +k8s:validation:minimum=0
	Users int `json:"users"`
	// ConnectedLastHour is how many of those were connected within the hour before the plan, by the operator's clock.
	// +k8s:validation:minimum=0
	ConnectedLastHour int `json:"connectedLastHour"`
	// RebuiltBySwitch reports whether this primary rebuilds the workspaces that run when the switch is made, as it does
	// from v1.21.1 on. A rebuild keeps a workspace's home directory only.
	RebuiltBySwitch bool `json:"rebuiltBySwitch"`
}
