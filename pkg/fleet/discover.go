package fleet

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Cluster is a kubeconfig context and the URL of its API server.
type Cluster struct {
	Context, Server string
}

// Discover makes a Fleet of the clusters that are some provider's, in the order
// in which they are given. It leaves the access URLs empty, since nothing knows
// them before there are satellites. The notes say, in a line each, what has to
// be filled in and which clusters and providers were left out, and why.
func Discover(coderURL string, clusters []Cluster, providers []coder.Provider) (v1alpha1.Fleet, []string) {
	fleet := v1alpha1.Fleet{
		Coder:   v1alpha1.Coder{URL: coder.NormalURL(coderURL)},
		Chart:   v1alpha1.Chart{Repo: DefaultChartRepo, Name: DefaultChartName},
		Regions: []v1alpha1.Region{},
	}
	fleet.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
	var names, notes []string
	contextOf := make(map[string]string) // by provider ID
	for _, cluster := range clusters {
		found, _ := candidates(Region{}, cluster.Server, providers)
		if reason := unfit(cluster, found); reason != "" {
			notes = append(notes, fmt.Sprintf("context %s was left out: %s", cluster.Context, reason))
			continue
		}
		provider := found[0]
		if earlier, ok := contextOf[provider.ID]; ok {
			notes = append(notes, fmt.Sprintf("context %s was left out: it reaches the cluster of context %s", cluster.Context, earlier))
			continue
		}
		contextOf[provider.ID] = cluster.Context
		name := freeName(firstOf(nameOf(provider.Name), nameOf(cluster.Context)), names)
		names = append(names, name)
		fleet.Regions = append(fleet.Regions, v1alpha1.Region{Name: name, Context: cluster.Context, Provider: handle(provider, providers)})
	}
	for _, provider := range providers {
		if _, ok := contextOf[provider.ID]; !ok && !provider.BuiltIn {
			notes = append(notes, fmt.Sprintf("workspace provider %s was left out: no context given has its cluster address %s", provider.Name, provider.Config.ClusterAddress))
		}
	}
	if len(fleet.Regions) > 0 {
		notes = append([]string{"fill in accessURL of every region: the https URL where users will reach its satellite"}, notes...)
	}
	return fleet, notes
}

// unfit says why a cluster with these providers is no region; "" if it is one.
func unfit(cluster Cluster, found []coder.Provider) string {
	switch {
	case len(found) == 0:
		return fmt.Sprintf("no workspace provider has its cluster address %s", cluster.Server)
	case len(found) > 1:
		return fmt.Sprintf("%d workspace providers have its cluster address: %s and %s", len(found), found[0].Name, found[1].Name)
	case found[0].BuiltIn:
		return "it is the primary's own cluster, which needs no satellite"
	}
	return ""
}

// handle returns what names the provider and no other: its name or, if another
// has that too, its ID.
func handle(provider coder.Provider, all []coder.Provider) string {
	for _, other := range all {
		if other.ID != provider.ID && (other.Name == provider.Name || other.ID == provider.Name) {
			return provider.ID
		}
	}
	return firstOf(provider.Name, provider.ID)
}
