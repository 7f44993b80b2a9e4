package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VersionInfo is the plugin's version and, when asked for, the primary's.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VersionInfo struct {
	metav1.TypeMeta `json:",inline"`

	// Version is the plugin's version, "v0.1.0" or "(devel)".
	Version string `json:"version"`
	// Commit is the commit that the plugin was built from; empty if unknown.
	Commit string `json:"commit,omitempty"`
	// GoVersion is the compiler's version.
	GoVersion string `json:"goVersion"`
	// Platform is "os/arch".
	Platform string `json:"platform"`
	// Primary is the primary deployment; nil unless asked for.
	Primary *Primary `json:"primary,omitempty"`
}
