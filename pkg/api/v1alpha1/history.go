package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// History lists the runs that the journals of regions record.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type History struct {
	metav1.TypeMeta `json:",inline"`

	// Primary is the primary deployment that the regions belong to.
	Primary Primary `json:"primary"`
	// Outcome is Succeeded when every journal was read, else Failed.
	Outcome Outcome `json:"outcome"`
	// Regions are the regions in the fleet's order.
	Regions []RegionHistory `json:"regions"`
}

// RegionHistory lists the runs on one region.
type RegionHistory struct {
	// Name is the region's name in the fleet.
	Name string `json:"name"`
	// Runs are the latest six of each journal, newest first. A journal that could not be read has one without an operation.
	Runs []PastRun `json:"runs"`
}

// PastRun is a run, from the journals in which it ended in the same way.
type PastRun struct {
	Run `json:",inline"`

	// Places are "satellite" for the satellite's journal, and the names of providers for theirs.
	Places []string `json:"places"`
}
