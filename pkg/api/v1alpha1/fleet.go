package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Fleet names a primary deployment and the regions to migrate.
//
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Fleet struct {
	metav1.TypeMeta `json:",inline"`

	// Coder locates the primary deployment.
	Coder Coder `json:"coder,omitempty"`
	// Chart is the satellite's chart.
	Chart Chart `json:"chart,omitempty"`
	// UnifiedURL is a URL that all satellites serve beside their own access URL,
	// and that DNS leads to the nearest one (GeoDNS). https, without a path, with a
	// host of its own: neither the primary's nor a region's. Needs Coder and a chart
	// of 1.28 or later, and certificates that name its host. Empty: there is none.
	UnifiedURL string `json:"unifiedURL,omitempty"`
	// Defaults apply to every region that does not say otherwise.
	Defaults Defaults `json:"defaults,omitempty"`
	// Regions are the regions to migrate; at least one.
	Regions []Region `json:"regions"`
	// Rollout orders the regions.
	Rollout Rollout `json:"rollout,omitempty"`
}

// Coder locates a primary deployment.
type Coder struct {
	// URL is the primary's access URL, https.
	URL string `json:"url,omitempty"`
	// CAFile is a PEM bundle to trust besides the system's; relative to the file.
	CAFile string `json:"caFile,omitempty"`
}

// Chart names the satellite's Helm chart.
type Chart struct {
	// Repo is the URL of an HTTP chart repository; empty for a path or OCI reference in Name.
	Repo string `json:"repo,omitempty"`
	// Name is a chart name in Repo, a directory, a .tgz file or an oci:// reference.
	Name string `json:"name,omitempty"`
	// Version is the chart's version; empty means the primary's version.
	Version string `json:"version,omitempty"`
}

// Defaults apply to every region that does not say otherwise.
type Defaults struct {
	// Namespace is where satellites are installed; "coder-satellite" if empty.
	Namespace string `json:"namespace,omitempty"`
	// Release is the satellites' Helm release name; "coder-satellite" if empty.
	Release string `json:"release,omitempty"`
	// Values are Helm values files, relative to the Fleet file, applied first.
	Values []string `json:"values,omitempty"`
}

// Region is one kubeconfig context, one satellite, one workspace provider.
type Region struct {
	// Name is unique in the fleet; it also names the satellite's registration.
	Name string `json:"name"`
	// Context is the kubeconfig context of the region's cluster.
	Context string `json:"context"`
	// AccessURL is where users will reach the satellite; https.
	AccessURL string `json:"accessURL"`
	// Provider is the workspace provider's name or ID; empty: matched by cluster address.
	Provider string `json:"provider,omitempty"`
	// Namespace overrides Defaults.Namespace.
	Namespace string `json:"namespace,omitempty"`
	// Release overrides Defaults.Release.
	Release string `json:"release,omitempty"`
	// Values are Helm values files, relative to the Fleet file, applied after the defaults'.
	Values []string `json:"values,omitempty"`
	// ConnectTo is a HOST:PORT to dial instead of what DNS says for AccessURL.
	ConnectTo string `json:"connectTo,omitempty"`
	// Canary chooses the workspace that is rebuilt to prove the migration.
	Canary Canary `json:"canary,omitempty"`
}

// Canary chooses the workspace that is rebuilt to prove a migration.
type Canary struct {
	// Workspace is a workspace's name, "auto" (the operator's own on that
	// provider, one that is off if there is one; the default) or "none".
	Workspace string `json:"workspace,omitempty"`
}

// Rollout orders the regions of a fleet.
type Rollout struct {
	// Waves are region names; a wave starts when the one before it is done.
	// Default: the first region alone, then the rest.
	Waves [][]string `json:"waves,omitempty"`
	// MaxParallel bounds the regions migrated at once in a wave; 4 if zero.
	MaxParallel int `json:"maxParallel,omitempty"`
	// MaxFailures is how many regions may fail before no further region starts.
	MaxFailures int `json:"maxFailures,omitempty"`
}
