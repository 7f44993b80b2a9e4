package fleet

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Cluster is a kubeconfig context and the URL of its API server.
type Cluster struct {
	Context, Server string
}

// Discover builds a Fleet from the clusters that belong to a provider, in the given order: one region per cluster, with all
// its providers. The built-in provider needs no satellite and becomes a region of its own. Access URLs stay empty: nothing
// knows them before the satellites exist. Each note says what to fill in, or what was left out and why.
func Discover(coderURL string, clusters []Cluster, providers []coder.Provider) (v1alpha1.Fleet, []string) {
	d := discovery{all: providers, contextOf: make(map[string]string)}
	for _, cluster := range clusters {
		d.add(cluster)
	}
	for _, provider := range providers {
		if _, ok := d.contextOf[provider.ID]; !ok && !provider.BuiltIn {
			address := provider.Config.ClusterAddress
			d.notef("workspace provider %s was left out: no context given has its cluster address %s", provider.Name, address)
		}
	}
	if slices.ContainsFunc(d.regions, func(r v1alpha1.Region) bool { return r.Satellite.ManagedBy == "" }) {
		fillIn := "fill in accessURL of every region that gets a satellite: the https URL where users will reach it"
		d.notes = slices.Insert(d.notes, 0, fillIn)
	}
	fleet := v1alpha1.Fleet{
		Coder:   v1alpha1.Coder{URL: coder.NormalURL(coderURL)},
		Chart:   v1alpha1.Chart{Repo: DefaultChartRepo, Name: DefaultChartName},
		Regions: append([]v1alpha1.Region{}, d.regions...),
	}
	fleet.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
	return fleet, d.notes
}

type discovery struct {
	all       []coder.Provider
	contextOf map[string]string // by provider ID
	names     []string
	regions   []v1alpha1.Region
	notes     []string
}

func (d *discovery) notef(format string, args ...any) {
	d.notes = append(d.notes, fmt.Sprintf(format, args...))
}

func (d *discovery) add(cluster Cluster) {
	found := ProvidersAt(cluster.Server, d.all)
	if len(found) == 0 {
		d.notef("context %s was left out: no workspace provider has its cluster address %s", cluster.Context, cluster.Server)
		return
	}
	if earlier, ok := d.contextOf[found[0].ID]; ok {
		d.notef("context %s was left out: it reaches the cluster of context %s", cluster.Context, earlier)
		return
	}
	region := v1alpha1.Region{Context: cluster.Context}
	name := "" // of the only provider
	for _, provider := range found {
		d.contextOf[provider.ID] = cluster.Context
		named := v1alpha1.RegionProvider{Name: handle(provider, d.all)}
		if provider.BuiltIn {
			named.Context = cluster.Context
			d.regions = append(d.regions, v1alpha1.Region{
				Name: d.nameFor(provider.Name, cluster), Satellite: v1alpha1.Satellite{ManagedBy: SatelliteNone}, Providers: []v1alpha1.RegionProvider{named},
			})
			continue
		}
		region.Providers, name = append(region.Providers, named), provider.Name
	}
	switch len(region.Providers) {
	case 0:
		return
	case 1:
		region.Name, region.Provider, region.Providers = d.nameFor(name, cluster), region.Providers[0].Name, nil
	default:
		region.Name = d.nameFor("", cluster)
	}
	d.regions = append(d.regions, region)
}

func (d *discovery) nameFor(provider string, cluster Cluster) string {
	name := freeName(cmp.Or(nameOf(provider), nameOf(cluster.Context)), d.names)
	d.names = append(d.names, name)
	return name
}

// handle returns the provider's name or, if another provider has the same name, its ID.
func handle(provider coder.Provider, all []coder.Provider) string {
	taken := func(other coder.Provider) bool {
		return other.ID != provider.ID && (other.Name == provider.Name || other.ID == provider.Name)
	}
	if provider.Name == "" || slices.ContainsFunc(all, taken) {
		return provider.ID
	}
	return provider.Name
}
