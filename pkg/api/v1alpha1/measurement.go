package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MuchNearer is how many times as near as the primary a satellite must be to count as better: two measurements of
// the same distance may differ by less.
const MuchNearer = 1.1

// Measurements are what users' clients noticed while a region was changed, probed from the machine that ran the command:
// each path once a second or, with more than four paths, four probes a second in turns.
type Measurements struct {
	// From is the host name of that machine, which may be far from the region's users.
	From string `json:"from"`
	// Paths are the paths that users' clients take.
	Paths []PathMeasurement `json:"paths"`
}

// PathMeasurement is how one path answered.
type PathMeasurement struct {
	// Path is "primary" for the primary's API, "legacy" for a provider's envproxy, "satellite" for the satellite at its
	// access URL, "workspace" for a connection to a workspace of the operator's other than the canary.
	// +k8s:validation:enum=["primary","legacy","satellite","workspace"]
	Path string `json:"path"`
	// Provider is the name of the provider whose envproxy or workspace it is; missing for other paths.
	Provider string `json:"provider,omitempty"`
	// URL is the URL that was probed.
	URL string `json:"url"`
	// Probes are how often it was probed. For a satellite that is being installed, they begin with its first answer.
	// +k8s:validation:minimum=0
	Probes int `json:"probes"`
	// Failures are how often it did not answer within three seconds.
	// +k8s:validation:minimum=0
	Failures int `json:"failures"`
	// LongestGapMilliseconds is the longest time without an answer, in milliseconds, to within the time between two
	// probes; 0 if there was none. Paths that users have left are not probed.
	// +k8s:validation:minimum=0
	LongestGapMilliseconds int64 `json:"longestGapMilliseconds"`
	// Before is how long answers took before the first step that users could notice; missing if there were none, or if
	// users had already moved.
	Before *Latency `json:"before,omitempty"`
	// During is the same while such steps were applied or undone; missing if there were none.
	During *Latency `json:"during,omitempty"`
	// After is the same after such a step, or after the move; missing if there were none.
	After *Latency `json:"after,omitempty"`
}

// Latency is how long answers took.
type Latency struct {
	// Answers is how many there were; the times are those of the latest 3,600 at most.
	// +k8s:validation:minimum=1
	Answers int `json:"answers"`
	// MedianMicroseconds is the median, in microseconds.
	// +k8s:validation:minimum=0
	MedianMicroseconds int64 `json:"medianMicroseconds"`
	// P95Microseconds is the 95th percentile, in microseconds.
	// +k8s:validation:minimum=0
	P95Microseconds int64 `json:"p95Microseconds"`
}

// Distance is the round trip to the primary before a provider's users moved, and to its region's satellite afterwards,
// from the same machine.
type Distance struct {
	// From is the host name of that machine.
	From string `json:"from"`
	// Measured is when the latter was measured.
	Measured metav1.Time `json:"measured"`
	// PrimaryMicroseconds is the median to the primary, in microseconds.
	// +k8s:validation:minimum=1
	PrimaryMicroseconds int64 `json:"primaryMicroseconds"`
	// SatelliteMicroseconds is the median to the satellite, in microseconds.
	// +k8s:validation:minimum=1
	SatelliteMicroseconds int64 `json:"satelliteMicroseconds"`
}
