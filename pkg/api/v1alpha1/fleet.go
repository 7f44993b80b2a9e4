package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Fleet names a primary deployment and the regions to migrate.
//
// +input
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object
type Fleet struct {
	metav1.TypeMeta `json:",inline"`

	// Coder locates the primary deployment. Without it, the login's URL is used.
	Coder Coder `json:"coder,omitzero"`
	// Chart is the Helm chart that every satellite is installed from. Without it, the chart `coder` of Coder's own repository.
	Chart Chart `json:"chart,omitzero"`
	// UnifiedURL is a URL that all satellites serve beside their own access URL, and that DNS leads to the nearest one
	// (GeoDNS). https, without a path, with a host of its own: neither the primary's nor a region's. Needs Coder and a
	// chart of 1.28 or later, and certificates that name its host. Empty: there is none.
	// +k8s:validation:pattern="^(https://[^/?#@]+/?)?$"
	UnifiedURL string `json:"unifiedURL,omitempty"`
	// Defaults apply to every region that does not override them.
	Defaults Defaults `json:"defaults,omitzero"`
	// Regions are the regions to migrate, at least one. Reports list them in this order.
	// +k8s:validation:minItems=1
	Regions []Region `json:"regions"`
	// Rollout is the order in which regions are migrated, and when to stop. Without it, the first region alone, then the rest.
	Rollout Rollout `json:"rollout,omitzero"`
}

// Coder locates a primary deployment. The login is never part of a Fleet.
type Coder struct {
	// URL is the primary's access URL: scheme, host and port only. It must be https, except on loopback.
	// Without it, the URL of the login: CODER_URL, or that of `coder login`. --coder-url wins over it.
	// +k8s:validation:format="uri"
	// +k8s:validation:pattern="^https?://[^/?#@]+/?$"
	URL string `json:"url,omitempty"`
	// CAFile is a PEM bundle of certificate authorities to trust besides the system's, for requests to the primary
	// and to satellites. The path is relative to the Fleet file. --coder-ca-file wins over it.
	CAFile string `json:"caFile,omitempty"`
}

// Chart names the satellites' Helm chart. It holds no user name and no password: log in with `helm registry login`.
type Chart struct {
	// Repo is the http or https URL of a chart repository. Leave it out when name is a path or an oci:// reference.
	// +default="https://helm.coder.com"
	// +k8s:validation:pattern="^(https?://[^/@]+(/.*)?)?$"
	Repo string `json:"repo,omitempty"`
	// Name is the name of a chart in repo, an oci:// reference, or a directory or .tgz file. A path holds a slash,
	// begins with a dot or ends in .tgz, and is relative to the Fleet file.
	// +default="coder"
	// +k8s:validation:not={"pattern":"^[a-z]+://[^/]*@"}
	Name string `json:"name,omitempty"`
	// Version is the chart's version, without a leading v. Without it, the primary's version.
	// +k8s:validation:pattern="^([^v].*)?$"
	Version string `json:"version,omitempty"`
}

// Defaults apply to every region that does not override them.
type Defaults struct {
	// Namespace is where satellites are installed: a DNS label of up to 63 characters. A namespace that does not exist is created.
	// +default="coder-satellite"
	// +k8s:validation:pattern="^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"
	// +k8s:validation:maxLength=63
	Namespace string `json:"namespace,omitempty"`
	// Release is the satellites' Helm release name, of up to 53 characters.
	// +default="coder-satellite"
	// +k8s:validation:pattern="^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$"
	// +k8s:validation:maxLength=53
	Release string `json:"release,omitempty"`
	// Values are Helm values files for every region. Paths are relative to the Fleet file; a later file wins over an earlier one.
	// +k8s:validation:items:minLength=1
	Values []string `json:"values,omitempty"`
}

// Region is a place where developers work: one satellite, and the workspace providers that it serves.
type Region struct {
	// Name is unique in the fleet, case ignored, and is the name of the satellite's registration at the primary:
	// up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends.
	// +k8s:validation:pattern="^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$"
	Name string `json:"name"`
	// Labels are for selecting regions: keys and values as those of Kubernetes labels.
	Labels map[string]string `json:"labels,omitempty"`
	// Satellite says who installs the region's satellite, or that it has none. Its managedBy alone may stand here:
	// `satellite: none`. Without it, the plugin installs the satellite, unless a GitOps controller already owns it.
	Satellite Satellite `json:"satellite,omitzero"`
	// Context is the kubeconfig context of the satellite's cluster, and of every provider that names no other.
	Context string `json:"context,omitempty"`
	// AccessURL is where users reach the satellite: scheme, host and port only. It must be https, except on loopback,
	// and differ from the primary's and from every other region's.
	// +k8s:validation:format="uri"
	// +k8s:validation:pattern="^(https?://[^/?#@]+/?)?$"
	AccessURL string `json:"accessURL,omitempty"`
	// Provider is the name or ID of the region's workspace provider, if it has only one. Without it, and without
	// `providers`, it is the one whose cluster address is the context's API server.
	Provider string `json:"provider,omitempty"`
	// Providers are the region's workspace providers, if it has several, or if they are in other clusters than the satellite.
	Providers []RegionProvider `json:"providers,omitempty"`
	// Namespace is where this satellite is installed. Without it, `defaults.namespace`.
	// +k8s:validation:pattern="^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$"
	// +k8s:validation:maxLength=63
	Namespace string `json:"namespace,omitempty"`
	// Release is this satellite's Helm release name. Without it, `defaults.release`.
	// +k8s:validation:pattern="^([a-z0-9]([-.a-z0-9]*[a-z0-9])?)?$"
	// +k8s:validation:maxLength=53
	Release string `json:"release,omitempty"`
	// Values are Helm values files for this region. They win over those of `defaults.values`. Paths are relative to the Fleet file.
	// +k8s:validation:items:minLength=1
	Values []string `json:"values,omitempty"`
	// ConnectTo is a HOST:PORT that the plugin dials instead of the address that DNS has for accessURL, to check a
	// satellite before its DNS record exists. Users still need the record.
	// +k8s:validation:pattern="^([^/@ ]+:[0-9]+)?$"
	ConnectTo string `json:"connectTo,omitempty"`
	// Canary chooses the workspace that is rebuilt to prove the migration, if the region has only one provider. Its
	// workspace alone may stand here: `canary: none`.
	Canary Canary `json:"canary,omitzero"`
}

// Satellite says who installs a region's satellite.
//
// +shortForm=managedBy
type Satellite struct {
	// ManagedBy is `none` for a region whose users reach their workspaces through the primary, as those of the built-in
	// provider do: such a region has providers, and no field that describes a satellite. With `flux` or `argocd`, that
	// controller installs the satellite from what `export` writes; the plugin waits for it, and never changes it. With
	// `helm`, the plugin installs it, and refuses if a controller owns it. Who owns a satellite that exists is found without it.
	// +k8s:validation:pattern="^(none|flux|argocd|helm)?$"
	ManagedBy string `json:"managedBy,omitempty"`
}

// RegionProvider is one of a region's workspace providers.
type RegionProvider struct {
	// Name is the provider's name or ID at the primary. Without it, it is the one whose cluster address is the context's API server.
	Name string `json:"name,omitempty"`
	// Context is the kubeconfig context of the provider's cluster. Without it, the region's context.
	Context string `json:"context,omitempty"`
	// Canary chooses the workspace on this provider that is rebuilt to prove the migration.
	Canary Canary `json:"canary,omitzero"`
}

// Canary chooses the workspace that is rebuilt to prove a migration.
//
// +shortForm=workspace
type Canary struct {
	// Workspace is a workspace's name; `auto`, for one of the operator's own on the region's provider, preferably one
	// that is off; or `none`, to migrate without proof.
	// +default="auto"
	// +k8s:validation:pattern="^(\\S(.*\\S)?)?$"
	Workspace string `json:"workspace,omitempty"`
}

// Rollout orders the regions of a fleet.
type Rollout struct {
	// Home is the kubeconfig context of a cluster that keeps how far the rollout is, in a ConfigMap in `defaults.namespace`:
	// approvals, failures, and how long a wave has soaked. Several machines can then share it. Without it, a rollout is
	// continued from the journals of its regions.
	Home string `json:"home,omitempty"`
	// Waves are the parts of the rollout; a wave starts when the one before it is done. Each region is in exactly one wave.
	// Without waves, the first region alone, then the rest.
	Waves []Wave `json:"waves,omitempty"`
	// MaxParallel is how many regions of a wave are migrated at once; 0 means the default. --max-parallel wins over it.
	// +default=10
	// +k8s:validation:minimum=0
	MaxParallel int `json:"maxParallel,omitempty"`
	// MaxFailures is how many regions may fail before no further region starts. --max-failures wins over it.
	// +default=0
	// +k8s:validation:minimum=0
	MaxFailures int `json:"maxFailures,omitempty"`
}

// Wave is a part of a rollout. Only `migrate` waits for windows, approvals, soaks and gates; other verbs keep to the order alone.
type Wave struct {
	// Name is unique in the fleet: up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends. Without it,
	// the wave's number, counted from 1.
	// +k8s:validation:pattern="^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$"
	Name string `json:"name,omitempty"`
	// Regions are the names of its regions. Leave it out to choose them by `selector`.
	// +k8s:validation:items:minLength=1
	Regions []string `json:"regions,omitempty"`
	// Selector chooses regions by their labels, as kubectl's --selector does, from those that no earlier wave has and no
	// wave names. Empty, and without `regions`: all of those.
	Selector string `json:"selector,omitempty"`
	// MaxParallel is how many of its regions are migrated at once, as a number or as a percentage of the wave, rounded up.
	// Without it, `rollout.maxParallel`. --max-parallel wins over it.
	// +k8s:validation:pattern="^([1-9][0-9]*%?)?$"
	MaxParallel string `json:"maxParallel,omitempty"`
	// Approval is `required` if somebody must approve the wave before it starts, with `approve --wave`. It needs `rollout.home`.
	// +k8s:validation:pattern="^(required)?$"
	Approval string `json:"approval,omitempty"`
	// Window is when its regions may start. What has started is finished after it.
	Window Window `json:"window,omitzero"`
	// Soak is how long the next wave waits after this one: a duration such as 24h. `status` of the wave must stay good all
	// that time: whenever it is not, the time restarts.
	// +k8s:validation:pattern="^([0-9]+(ms|s|m|h))*$"
	Soak string `json:"soak,omitempty"`
	// Gates must all hold, after the soak, before the next wave starts. One that does not ends the run.
	Gates []Gate `json:"gates,omitempty"`
}

// Window is a part of each day, or of some days of the week.
type Window struct {
	// Days are the days on which it opens: Mon, Tue, Wed, Thu, Fri, Sat, Sun. Without them, every day.
	// +k8s:validation:items:pattern="^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)$"
	Days []string `json:"days,omitempty"`
	// From is when it opens, as HH:MM.
	// +default="00:00"
	// +k8s:validation:pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$"
	From string `json:"from,omitempty"`
	// To is when it closes, as HH:MM: on the next day if it is not later than `from`.
	// +default="00:00"
	// +k8s:validation:pattern="^(([01][0-9]|2[0-3]):[0-5][0-9])?$"
	To string `json:"to,omitempty"`
	// TimeZone is the name of a time zone, such as Europe/London.
	// +default="UTC"
	TimeZone string `json:"timeZone,omitempty"`
}

// Gate is one condition on a wave that was migrated. Exactly one of its fields is set.
type Gate struct {
	// Check is the ID of a check of `status`, which must pass in every region of the wave, without a warning.
	Check string `json:"check,omitempty"`
	// LatencyRatio is the most that the round trip to a region's satellite may be, as a multiple of the one to the primary
	// that its users had before: 0.8 demands a fifth less.
	// +k8s:validation:pattern="^([0-9]+([.][0-9]+)?)?$"
	LatencyRatio string `json:"latencyRatio,omitempty"`
	// MaxGap is the longest time without an answer that users may have noticed in a region's migration: a duration such
	// as 5s.
	// +k8s:validation:pattern="^([0-9]+(ms|s|m|h))*$"
	MaxGap string `json:"maxGap,omitempty"`
	// Exec is a command, with its arguments, which must exit with 0 within ten minutes. It gets the events of the run on
	// its standard input, one JSON object a line, and runs in the folder of the Fleet file, on the machine that migrates.
	// +k8s:validation:items:minLength=1
	Exec []string `json:"exec,omitempty"`
}
