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

// Discover makes a Fleet of the clusters that are some provider's, in the order
// in which they are given: a region for each, with all providers that it has; the
// built-in provider, which needs no satellite, is a region of its own. It leaves the
// access URLs out, since nothing knows them before there are satellites. The notes
// say, in a line each, what has to be filled in and which clusters and providers
// were left out, and why.
func Discover(coderURL string, clusters []Cluster, providers []coder.Provider) (v1alpha1.Fleet, []string) {
	d := discovery{all: providers, contextOf: make(map[string]string)}
	for _, cluster := range clusters {
		d.add(cluster)
	}
	for _, provider := range providers {
		if _, ok := d.contextOf[provider.ID]; !ok && !provider.BuiltIn {
			d.notef("workspace provider %s was left out: no context given has its cluster address %s", provider.Name, provider.Config.ClusterAddress)
		}
	}
	if slices.ContainsFunc(d.regions, func(r v1alpha1.Region) bool { return r.Satellite == "" }) {
		d.notes = append([]string{"fill in accessURL of every region that gets a satellite: the https URL where users will reach it"}, d.notes...)
	}
	fleet := v1alpha1.Fleet{
		Coder:   v1alpha1.Coder{URL: coder.NormalURL(coderURL)},
		Chart:   v1alpha1.Chart{Repo: DefaultChartRepo, Name: DefaultChartName},
		Regions: append([]v1alpha1.Region{}, d.regions...),
	}
	fleet.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
	return fleet, d.notes
}

// discovery is a Fleet in the making.
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

// add makes regions of the providers that the cluster has.
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
	name := "" // the provider's own, if there is one only
	for _, provider := range found {
		d.contextOf[provider.ID] = cluster.Context
		named := v1alpha1.RegionProvider{Name: handle(provider, d.all)}
		if provider.BuiltIn {
			named.Context = cluster.Context
			d.regions = append(d.regions, v1alpha1.Region{
				Name: d.nameFor(provider.Name, cluster), Satellite: SatelliteNone, Providers: []v1alpha1.RegionProvider{named},
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

// nameFor returns a region's name that no other has: the provider's or, without
// one, the context's.
func (d *discovery) nameFor(provider string, cluster Cluster) string {
	name := freeName(cmp.Or(nameOf(provider), nameOf(cluster.Context)), d.names)
	d.names = append(d.names, name)
	return name
}

// handle returns what names the provider and no other: its name or, if another
// has that too, its ID.
func handle(provider coder.Provider, all []coder.Provider) string {
	for _, other := range all {
		if other.ID != provider.ID && (other.Name == provider.Name || other.ID == provider.Name) {
			return provider.ID
		}
	}
	return cmp.Or(provider.Name, provider.ID)
}
