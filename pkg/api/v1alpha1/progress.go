package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Progress is one thing that happened during a run; the printer shows it on
// standard error. It is never stored.
type Progress struct {
	Time metav1.Time `json:"time"`
	// Region is the region's name; empty for the run as a whole.
	Region string `json:"region,omitempty"`
	// Step is the step's name; empty for the region as a whole.
	Step string `json:"step,omitempty"`
	// State is Running while a step goes on, and its end state at its end.
	State StepState `json:"state"`
	// Index and Total place the step in its region's run, counted from 1; 0 if unknown.
	Index int `json:"index,omitempty"`
	Total int `json:"total,omitempty"`
	// Message is one line.
	Message string `json:"message,omitempty"`
}
