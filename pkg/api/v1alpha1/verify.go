package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VerifyReport says how workspaces are reached through their satellites, and,
// to compare, through the primary.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VerifyReport struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment.
	Primary Primary `json:"primary"`
	// Outcome is Succeeded when every region's workspace was reached through its
	// satellite, PartlyFailed when some were, else Failed.
	Outcome Outcome `json:"outcome"`
	// Regions are the regions in the fleet's order.
	Regions []RegionVerification `json:"regions"`
}

// RegionVerification is the verification of one region.
type RegionVerification struct {
	Name     string   `json:"name"`
	Context  string   `json:"context"`
	Provider Provider `json:"provider"`
	// Outcome is Succeeded when the workspace was reached through the satellite,
	// and no more pings were lost than was allowed.
	Outcome Outcome `json:"outcome"`
	// Workspace is the name of the workspace that was connected to; empty if none was chosen.
	Workspace string `json:"workspace,omitempty"`
	// Message says why nothing was tried; empty if it was.
	Message string `json:"message,omitempty"`
	// Satellite and Primary are the connections through each, relayed by its own
	// TURN server; nil if it was not tried.
	Satellite *Connection `json:"satellite,omitempty"`
	Primary   *Connection `json:"primary,omitempty"`
}

// Connection is a connection to a workspace's agent, made from this machine.
type Connection struct {
	// URL is the access URL that it goes through.
	URL string `json:"url"`
	// Connected tells that it was made, and that at least one ping came back.
	Connected bool `json:"connected"`
	// ConnectMicroseconds is how long it took to connect.
	ConnectMicroseconds int64 `json:"connectMicroseconds,omitempty"`
	// RoundTrip are the pings; nil if it was not made.
	RoundTrip *RoundTrip `json:"roundTrip,omitempty"`
	// Stage is where it failed: "broker", "relay", "agent" or "peer" when it was not
	// made; "ping" when it was lost, or too many pings were; empty if it did not.
	Stage string `json:"stage,omitempty"`
	// Message says why it failed, and Hint what to do; both empty if it did not.
	Message string `json:"message,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// RoundTrip is how long pings to an agent and back took. Pings that were asked
// for and not sent are in neither number.
type RoundTrip struct {
	Sent               int   `json:"sent"`
	Lost               int   `json:"lost"`
	MinMicroseconds    int64 `json:"minMicroseconds"`
	MedianMicroseconds int64 `json:"medianMicroseconds"`
	MaxMicroseconds    int64 `json:"maxMicroseconds"`
}
