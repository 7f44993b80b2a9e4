package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MuchNearer is how many times as near as the primary a satellite must be to count as better: less is what two
// measurements of one distance differ by.
const MuchNearer = 1.1

// Measurements are what users' clients felt while a region was worked on, asked from the machine that the command ran
// on: once a second or, of more than four ways, four times a second in turns.
type Measurements struct {
	// From is the name of that machine: what is near it may be far from the region's users.
	From string `json:"from"`
	// Paths are the ways that users' clients go.
	Paths []PathMeasurement `json:"paths"`
}

// PathMeasurement is how one way answered.
type PathMeasurement struct {
	// Path is the way: "primary" is the primary's API, "legacy" a provider's envproxy, "satellite" the satellite at its
	// access URL, "workspace" a connection to a workspace of the operator's that is not the canary.
	// +k8s:validation:enum=["primary","legacy","satellite","workspace"]
	Path string `json:"path"`
	// Provider is the name of the provider whose envproxy or workspace it is; missing for the other ways.
	Provider string `json:"provider,omitempty"`
	// URL is what was asked.
	URL string `json:"url"`
	// Probes are how often it was asked. A satellite that is only being installed is first asked when it answers.
	// +k8s:validation:minimum=0
	Probes int `json:"probes"`
	// Failures are how often it did not answer within three seconds.
	// +k8s:validation:minimum=0
	Failures int `json:"failures"`
	// LongestGapMilliseconds is the longest time without an answer, in milliseconds, to within the time between two
	// questions; 0 if there was none. A way that users leave is asked no longer.
	// +k8s:validation:minimum=0
	LongestGapMilliseconds int64 `json:"longestGapMilliseconds"`
	// Before is how long the answers took before the first step that users could notice; missing if there were none, or
	// if they had moved already.
	Before *Latency `json:"before,omitempty"`
	// During is the same while such steps were applied, or undone; missing if there were none.
	During *Latency `json:"during,omitempty"`
	// After is the same after such a step, or after the move; missing if there were none.
	After *Latency `json:"after,omitempty"`
}

// Latency is how long answers took.
type Latency struct {
	// Answers is how many there were; what follows is of the latest 3,600 at most.
	// +k8s:validation:minimum=1
	Answers int `json:"answers"`
	// MedianMicroseconds is what half of them did not take longer than, in microseconds.
	// +k8s:validation:minimum=0
	MedianMicroseconds int64 `json:"medianMicroseconds"`
	// P95Microseconds is what 95 of 100 did not take longer than, in microseconds.
	// +k8s:validation:minimum=0
	P95Microseconds int64 `json:"p95Microseconds"`
}

// Distance is how long a question and its answer took: to the primary before a provider's users moved, and to its
// region's satellite afterwards, from one machine.
type Distance struct {
	// From is the name of that machine.
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
