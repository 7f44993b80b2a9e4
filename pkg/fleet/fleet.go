// Package fleet turns a Fleet file, or flags, into validated regions, and finds
// the workspace provider of each. It reaches no network.
package fleet

import (
	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// What a Fleet file or a flag need not say.
const (
	// DefaultNamespace is where satellites are installed.
	DefaultNamespace = "coder-satellite"
	// DefaultRelease is the satellites' Helm release name.
	DefaultRelease = "coder-satellite"
	// DefaultChartRepo and DefaultChartName locate the satellite's chart (Coder's documentation on installing).
	DefaultChartRepo = "https://helm.coder.com"
	DefaultChartName = "coder"
	// DefaultMaxParallel bounds the regions migrated at once in a wave.
	DefaultMaxParallel = 8
)

// SatelliteNone is the satellite of a region that has none.
const SatelliteNone = "none"

// Choices of a canary that are not the name of a workspace.
const (
	// CanaryAuto picks the operator's own workspace on the provider.
	CanaryAuto = "auto"
	// CanaryNone rebuilds no workspace.
	CanaryNone = "none"
)

// Fleet is a validated fleet: every default is filled in, every path is ready
// to be opened, and every region is in exactly one wave.
type Fleet struct {
	// CoderURL is the primary's access URL; empty if the login has to tell.
	CoderURL string
	// CAFile is a PEM bundle to trust besides the system's; empty if none.
	CAFile string
	// Regions are in the order of the file or of the flags.
	Regions []Region
	// Waves are region names; a wave starts when the one before it is done.
	Waves [][]string
	// MaxParallel bounds the regions migrated at once; at least 1.
	MaxParallel int
	// MaxFailures is how many regions may fail before no further one starts.
	MaxFailures int
}

// Region is a place where developers work: one satellite, and the providers that
// it serves.
type Region struct {
	// Name is unique in the fleet, and names the satellite's registration.
	Name string
	// Labels are the region's labels; nil if it has none.
	Labels map[string]string
	// Satellite serves the region; its zero value is that of a region without one,
	// whose users reach their workspaces through the primary.
	Satellite Satellite
	// Providers are those to work on, at least one, in the order of the file or of the flags.
	Providers []Provider
	// Others are the region's providers that were not selected: the satellite serves them, too.
	Others []Provider
	// Selector and ChartFlags are the flags that name the region, and its
	// chart, on the command line; Command puts them together.
	Selector, ChartFlags string
}

// Satellite is where a region's satellite is, or is to be, and what it is made of.
type Satellite struct {
	// Context is the kubeconfig context of its cluster; empty if there is no satellite.
	Context string
	// Namespace and Release are of its Helm release.
	Namespace, Release string
	// AccessURL is where users reach it, without a trailing slash; empty if the verb
	// needs none and got none.
	AccessURL string
	// UnifiedURL is the URL that all satellites serve beside their own access URL,
	// without a trailing slash; empty if the fleet has none.
	UnifiedURL string
	// ConnectTo is a HOST:PORT to dial instead of what DNS says for AccessURL; empty for DNS.
	ConnectTo string
	// ValueFiles are Helm values files, the later winning over the earlier.
	ValueFiles []string
	// Sets are values of Helm's --set, --set-string, --set-file and --set-json, which win over every file.
	Sets values.Options
	// Chart is its chart; an empty version means the primary's.
	Chart v1alpha1.Chart
}

// None reports whether the region has no satellite.
func (s Satellite) None() bool { return s.Context == "" }

// Provider is a workspace provider as the operator declared it.
type Provider struct {
	// Name is its name or ID at the primary; empty: matched by cluster address.
	Name string
	// Context is the kubeconfig context of its cluster.
	Context string
	// Canary is the name of a workspace, CanaryAuto or CanaryNone.
	Canary string
	// Selector is the flag that selects it among the region's providers; empty if none does.
	Selector string
}
