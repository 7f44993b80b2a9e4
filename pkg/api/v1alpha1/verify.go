package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VerifyReport says how workspaces are reached through their satellites and, for comparison, through the primary.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VerifyReport struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment that the regions belong to.
	Primary Primary `json:"primary"`
	// Outcome is Succeeded when every region's workspace was reached through its
	// satellite, PartlyFailed when some were, else Failed.
	Outcome Outcome `json:"outcome"`
	// Regions are the regions' providers, in the fleet's order.
	Regions []RegionVerification `json:"regions"`
}

// RegionVerification is the verification of one of a region's providers.
type RegionVerification struct {
	// Name is the region's name in the fleet.
	Name string `json:"name"`
	// Provider is the workspace provider, as the primary lists it.
	Provider Provider `json:"provider"`
	// Outcome is Succeeded when the workspace was reached through the satellite or, in a region without one, through the
	// primary, and no more pings were lost than was allowed.
	Outcome Outcome `json:"outcome"`
	// Workspace is the name of the workspace that was connected to; missing if none was chosen.
	Workspace string `json:"workspace,omitempty"`
	// Comparison says how the satellite compares with the primary, from this machine; or why that is unknown; missing without --compare.
	Comparison string `json:"comparison,omitempty"`
	// Message says why no connection was tried; missing if one was.
	Message string `json:"message,omitempty"`
	// Satellite is the connection through the satellite, relayed by its own TURN server; missing if it was not tried, or there is none.
	Satellite *Connection `json:"satellite,omitempty"`
	// Primary is the connection through the primary, relayed by its own TURN server; missing if it was not tried.
	Primary *Connection `json:"primary,omitempty"`
	// Direct is a connection as clients make it where the deployment offers direct ones: relayed only if the two sides cannot
	// reach each other. It changes no outcome. Missing if it was not tried, or the deployment offers none.
	Direct *Connection `json:"direct,omitempty"`
}

// Connection is a connection to a workspace's agent, made from this machine.
type Connection struct {
	// URL is the access URL that it goes through.
	URL string `json:"url"`
	// Connected reports whether the connection was made and at least one ping came back.
	Connected bool `json:"connected"`
	// ConnectMicroseconds is how long it took to connect, in microseconds; missing if it was not made.
	// +k8s:validation:minimum=0
	ConnectMicroseconds int64 `json:"connectMicroseconds,omitempty"`
	// Candidates are the kinds of addresses that this machine offered, sorted: "host" is its own, "srflx" the one that a STUN server
	// saw, "relay" the TURN server's; missing if the connection was not made.
	Candidates []string `json:"candidates,omitempty"`
	// Chosen are the kinds of the two addresses that the connection used, this machine's and the agent's, such as "relay-host"; missing if
	// it was not made, or they are unknown.
	Chosen string `json:"chosen,omitempty"`
	// RoundTrip are the pings; missing if the connection was not made.
	RoundTrip *RoundTrip `json:"roundTrip,omitempty"`
	// Stage is where it failed: "offer" if it is unknown whether the deployment offers it; "broker", "relay", "agent" or "peer" if it was
	// not made; "ping" if it was lost, or too many pings were; missing if it did not fail.
	Stage string `json:"stage,omitempty"`
	// Message says why it failed; missing if it did not.
	Message string `json:"message,omitempty"`
	// Hint says what to do about the failure; missing if message says it, or no advice is known.
	Hint string `json:"hint,omitempty"`
}

// RoundTrip is how long pings to an agent and back took. Pings that were asked
// for and not sent are in neither number. All times are 0 if no ping came back.
type RoundTrip struct {
	// Sent is how many pings were sent.
	// +k8s:validation:minimum=0
	Sent int `json:"sent"`
	// Lost is how many of them did not come back within three seconds.
	// +k8s:validation:minimum=0
	Lost int `json:"lost"`
	// MinMicroseconds is the shortest round trip, in microseconds.
	// +k8s:validation:minimum=0
	MinMicroseconds int64 `json:"minMicroseconds"`
	// MedianMicroseconds is the median round trip, in microseconds; with an even number of pings, the upper one.
	// +k8s:validation:minimum=0
	MedianMicroseconds int64 `json:"medianMicroseconds"`
	// P95Microseconds is the 95th percentile of the round trips, in microseconds.
	// +k8s:validation:minimum=0
	P95Microseconds int64 `json:"p95Microseconds"`
	// JitterMicroseconds is by how much one ping's round trip differs from the next one's, on average, in microseconds.
	// +k8s:validation:minimum=0
	JitterMicroseconds int64 `json:"jitterMicroseconds"`
	// MaxMicroseconds is the longest round trip, in microseconds.
	// +k8s:validation:minimum=0
	MaxMicroseconds int64 `json:"maxMicroseconds"`
}
