package layout

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// Topology is a combination of regions that a lab can have.
type Topology struct {
	Name string
	// About describes the topology in one line.
	About string
	// regions have names, contexts and namespaces, but no ports yet.
	regions []Region
}

// SimpleTopology has no regions of its own. The caller names simple regions.
const SimpleTopology = "simple"

// providerNamespace is the default namespace of a provider with its own cluster.
const providerNamespace = "coder"

// Topologies returns all topologies in the order of the help.
func Topologies() []Topology {
	spread := Region{Name: "london", Context: "london-edge", Providers: []Provider{
		{Name: "london-a", Context: "london-a", Namespace: providerNamespace},
		{Name: "london-b", Context: "london-b", Namespace: providerNamespace},
	}}
	shared := Region{Name: "paris", Context: "paris", Providers: []Provider{
		{Name: "paris-1", Context: "paris", Namespace: "coder-1"},
		{Name: "paris-2", Context: "paris", Namespace: "coder-2"},
	}}
	builtIn := Region{Name: "headquarters", Providers: []Provider{
		{Name: "built-in", Context: "headquarters", Namespace: providerNamespace, BuiltIn: true},
	}}
	return []Topology{
		{SimpleTopology, "only the regions of --regions: a satellite and a provider in one cluster each", nil},
		{"spread", "region london: a satellite in cluster london-edge, providers in london-a and london-b", []Region{spread}},
		{"shared", "region paris: a satellite and providers paris-1 and paris-2 in one cluster", []Region{shared}},
		{"builtin", "region headquarters: the built-in provider in the primary's own cluster, no satellite", []Region{builtIn}},
		{"all", "spread, shared and builtin, and a simple region sydney", []Region{simple("sydney"), spread, shared, builtIn}},
	}
}

// Find returns the topology of that name, or an error that lists all topologies.
func Find(name string) (Topology, error) {
	var names []string
	for _, topology := range Topologies() {
		if topology.Name == name {
			return topology, nil
		}
		names = append(names, topology.Name)
	}
	return Topology{}, fmt.Errorf("--topology: there is no topology %q: use %s", name, strings.Join(names, ", "))
}

// With returns the topology with simple regions of these names added. It refuses a name that is
// in use or is not a DNS label.
func (t Topology) With(names ...string) (Topology, error) {
	taken := append(t.taken(), "bin", "cache", "charts", "env", "etcd", "kubeconfig", "log", "pki", "ready", "tokens") // files and folders of the lab
	t.regions = slices.Clone(t.regions)
	for _, name := range names {
		if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
			return t, fmt.Errorf("--regions: %q cannot be a region's name: %s", name, strings.Join(problems, "; "))
		}
		if slices.Contains(taken, name) {
			return t, fmt.Errorf("--regions: the name %q is taken", name)
		}
		taken = append(taken, name)
		t.regions = append(t.regions, simple(name))
	}
	return t, nil
}

// taken are the names that the topology uses for clusters, regions and providers.
func (t Topology) taken() []string {
	names := t.contexts()
	for _, region := range t.regions {
		names = append(names, region.Name)
		for _, provider := range region.Providers {
			names = append(names, provider.Name)
		}
	}
	return names
}

// simple is a region of one cluster and one provider, all with the same name.
func simple(name string) Region {
	return Region{Name: name, Context: name, Providers: []Provider{{Name: name, Context: name, Namespace: providerNamespace}}}
}

// contexts are the topology's clusters, without duplicates.
func (t Topology) contexts() []string {
	var contexts []string
	add := func(context string) {
		if context != "" && !slices.Contains(contexts, context) {
			contexts = append(contexts, context)
		}
	}
	for _, region := range t.regions {
		add(region.Context)
		for _, provider := range region.Providers {
			add(provider.Context)
		}
	}
	return contexts
}

// ports is the number of ports that New needs: the lab's own, two for each cluster, and one for
// each satellite and each envproxy.
func (t Topology) ports() int {
	count := 5 + 2*len(t.contexts())
	for _, region := range t.regions {
		if region.Context != "" {
			count++
		}
		for _, provider := range region.Providers {
			if !provider.BuiltIn {
				count++
			}
		}
	}
	return count
}
