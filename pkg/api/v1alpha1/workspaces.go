package v1alpha1

// WorkspaceState says which path a workspace uses, as far as its last build tells.
type WorkspaceState string

// States of workspaces.
const (
	WorkspaceAdopted  WorkspaceState = "Adopted"  // built since the latest switch: it uses the provider's present path
	WorkspaceWaiting  WorkspaceState = "Waiting"  // not built since: it uses the other path until it is rebuilt
	WorkspaceBuilding WorkspaceState = "Building" // a build is under way
	WorkspaceFailed   WorkspaceState = "Failed"   // its last build failed: it can be used on no path
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
