package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Progress is one thing that happened during a run: shown on standard error, and a line of the file that --events names.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Progress struct {
	metav1.TypeMeta `json:",inline"`

	// Time is when it happened, by the operator's clock.
	Time metav1.Time `json:"time"`
	// Region is the region's name; empty for the run as a whole.
	Region string `json:"region,omitempty"`
	// Provider is the name of the provider that the step belongs to; empty for the satellite's steps, and for the region as a whole.
	Provider string `json:"provider,omitempty"`
	// Step is the step's name; empty for the region as a whole.
	Step string `json:"step,omitempty"`
	// State is Running until the step ends, and its end state then.
	State StepState `json:"state"`
	// Index is the step's place in its region's run, counted from 1; 0 if unknown.
	Index int `json:"index,omitempty"`
	// Total is how many steps the region's run has; 0 if unknown.
	Total int `json:"total,omitempty"`
	// Message is one line: what was found, done or waited for.
	Message string `json:"message,omitempty"`
	// Attention is set when the message says what a person must do, such as create a DNS record, before the run can continue.
	Attention bool `json:"attention,omitempty"`
	// Wave is the wave of the region, counted from 1; only of its first and last event, which have no step.
	Wave int `json:"wave,omitempty"`
	// Waves is how many waves the run has.
	Waves int `json:"waves,omitempty"`
}
