package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// VersionInfo is the plugin's version and, when asked for, the primary's.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type VersionInfo struct {
	metav1.TypeMeta `json:",inline"`

	// Version is the plugin's version, "v0.1.0" or "(devel)".
	Version string `json:"version"`
	// Commit is the Git commit that the plugin was built from; missing if unknown.
	Commit string `json:"commit,omitempty"`
	// GoVersion is the version of the Go compiler that built it, for example "go1.26.0".
	GoVersion string `json:"goVersion"`
	// Platform is the operating system and architecture that it was built for, for example "linux/amd64".
	Platform string `json:"platform"`
	// Primary is the primary deployment; missing unless asked for with --primary.
	Primary *Primary `json:"primary,omitempty"`
}
