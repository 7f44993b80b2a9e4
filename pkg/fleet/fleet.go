// Package fleet turns a Fleet file, or flags, into validated regions, and finds
// the workspace provider of each. It reaches no network.
package fleet

import "github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"

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
	DefaultMaxParallel = 4
)

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

// Region is one kubeconfig context, one satellite, one workspace provider.
type Region struct {
	// Name is unique in the fleet, and names the satellite's registration.
	Name string
	// Context is the kubeconfig context of the region's cluster.
	Context string
	// Namespace and Release are of the satellite's Helm release.
	Namespace, Release string
	// AccessURL is where users reach the satellite, without a trailing slash.
	AccessURL string
	// UnifiedURL is the URL that all satellites serve beside their own access URL,
	// without a trailing slash; empty if the fleet has none.
	UnifiedURL string
	// Provider is the workspace provider's name or ID; empty: matched by cluster address.
	Provider string
	// ValueFiles are Helm values files, the later winning over the earlier.
	ValueFiles []string
	// Sets are key=value pairs as of Helm's --set, which win over every file.
	Sets []string
	// ConnectTo is a HOST:PORT to dial instead of what DNS says for AccessURL; empty for DNS.
	ConnectTo string
	// Canary is the name of a workspace, CanaryAuto or CanaryNone.
	Canary string
	// Chart is the satellite's chart; an empty version means the primary's.
	Chart v1alpha1.Chart
	// Selector and ChartFlags are the flags that name the region, and its
	// chart, on the command line; Command puts them together.
	Selector, ChartFlags string
}

// Region returns the region of that name, and whether there is one.
func (f *Fleet) Region(name string) (Region, bool) {
	for _, region := range f.Regions {
		if region.Name == name {
			return region, true
		}
	}
	return Region{}, false
}
