// Package fleet turns a Fleet file or flags into validated regions and matches them with workspace providers. It does not
// use the network.
package fleet

import (
	"strings"

	"helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// Defaults of a Fleet file and of flags.
const (
	DefaultNamespace   = "coder-satellite"        // of satellites
	DefaultRelease     = "coder-satellite"        // the Helm release of a satellite
	DefaultChartRepo   = "https://helm.coder.com" // Coder's documentation on installing
	DefaultChartName   = "coder"
	DefaultMaxParallel = 10 // regions of a wave at the same time
)

// Who installs a region's satellite. SatelliteNone declares a region without one.
const (
	SatelliteNone   = "none"
	SatelliteFlux   = "flux"
	SatelliteArgoCD = "argocd"
	SatelliteHelm   = "helm" // this plugin
)

// Choices of a canary other than a workspace's name.
const (
	CanaryAuto = "auto" // the operator's own workspace on the provider
	CanaryNone = "none"
)

// Fleet is validated: defaults are filled in, paths can be opened, and each region is in exactly one wave.
type Fleet struct {
	CoderURL    string   // the primary's access URL; empty if the login provides it
	CAFile      string   // a PEM bundle to trust in addition to the system's; may be empty
	Regions     []Region // in the order of the file or of the flags
	Waves       []Wave   // those with selected regions or, with a home, all; a wave starts when the previous one is done
	Home        Home     // where the rollout's state is kept; the zero value without one
	MaxParallel int      // regions that are migrated at the same time; at least 1
	MaxFailures int      // how many regions may fail before no further one starts
	byDefault   bool     // the file names no waves
}

// Home is where the state of a rollout is kept.
type Home struct {
	Context, Namespace string // a kubeconfig context, and a namespace there
}

// Region is a place where developers work: one satellite and the providers that it serves.
type Region struct {
	Name      string // unique in the fleet; the satellite is registered under this name
	Labels    map[string]string
	Satellite Satellite  // zero in a region without one, whose users connect through the primary
	Providers []Provider // those to work on, at least one, in the order of the file or of the flags
	Others    []Provider // the region's providers that were not selected; the satellite serves them, too
	// Selector and ChartFlags are the flags that name the region and its chart on a command line; see Command.
	Selector, ChartFlags string
}

// Object returns the name of the region's object in what `export` writes for Argo CD, or for one Flux that manages all
// clusters.
func (r Region) Object() string {
	return "coder-satellite-" + strings.NewReplacer(".", "-", "_", "-").Replace(strings.ToLower(r.Name))
}

// Satellite says where a region's satellite runs, or will run, and how it is installed.
type Satellite struct {
	Context            string         // the kubeconfig context of its cluster; empty if the region has no satellite
	Namespace, Release string         // of its Helm release
	AccessURL          string         // without a trailing slash; empty if the verb does not need it
	UnifiedURL         string         // served by all satellites in addition to AccessURL, without a trailing slash; may be empty
	ConnectTo          string         // HOST:PORT to dial for AccessURL; empty for DNS
	ValueFiles         []string       // Helm values files; later ones win
	Sets               values.Options // Helm's --set, --set-string, --set-file and --set-json; they win over every file
	Chart              v1alpha1.Chart // an empty version means the primary's
	ManagedBy          string         // SatelliteFlux, SatelliteArgoCD or SatelliteHelm; empty if that is not declared
}

// None reports whether the region has no satellite.
func (s Satellite) None() bool { return s.Context == "" }

// Provider is a workspace provider as the operator declared it.
type Provider struct {
	Name     string // its name or ID at the primary; empty if the cluster's address identifies it
	Context  string // the kubeconfig context of its cluster
	Canary   string // the name of a workspace, CanaryAuto or CanaryNone
	Selector string // the flag that selects it among the region's providers; empty if there is none
}
