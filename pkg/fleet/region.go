package fleet

import (
	"fmt"
	"maps"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// declaration is a provider as a region declares it, and where.
type declaration struct {
	v1alpha1.RegionProvider
	// owner is the path of what declares it: of an item of `providers`, or of the
	// region itself. The paths of its context and of its canary begin with it.
	owner string
	// namePath is the path of its name.
	namePath string
}

// declarations returns the providers of the region at that path. It turns the
// short form into the long one with one provider; nothing else makes a difference.
func declarations(at string, region v1alpha1.Region) []declaration {
	if len(region.Providers) == 0 {
		one := v1alpha1.RegionProvider{Name: region.Provider, Context: region.Context, Canary: region.Canary}
		return []declaration{{RegionProvider: one, owner: at, namePath: at + ".provider"}}
	}
	var all []declaration
	for i, provider := range region.Providers {
		provider.Context = firstOf(provider.Context, region.Context)
		owner := fmt.Sprintf("%s.providers[%d]", at, i)
		all = append(all, declaration{RegionProvider: provider, owner: owner, namePath: owner + ".name"})
	}
	return all
}

// regionOf returns a region without its satellite, with the defaults filled in.
func regionOf(declared v1alpha1.Region) Region {
	region := Region{Name: declared.Name}
	if len(declared.Labels) > 0 {
		region.Labels = maps.Clone(declared.Labels)
	}
	for _, provider := range declarations("", declared) {
		region.Providers = append(region.Providers, Provider{
			Name:    provider.Name,
			Context: provider.Context,
			Canary:  firstOf(provider.Canary.Workspace, CanaryAuto),
		})
	}
	return region
}

// satelliteOf returns a region's satellite without its chart, with the defaults
// filled in.
func satelliteOf(in v1alpha1.Fleet, region v1alpha1.Region, folder string) Satellite {
	return Satellite{
		Context:    region.Context,
		Namespace:  firstOf(region.Namespace, in.Defaults.Namespace, DefaultNamespace),
		Release:    firstOf(region.Release, in.Defaults.Release, DefaultRelease),
		AccessURL:  coder.NormalURL(region.AccessURL),
		UnifiedURL: coder.NormalURL(in.UnifiedURL),
		ConnectTo:  region.ConnectTo,
		ValueFiles: allInFolder(folder, in.Defaults.Values, region.Values),
	}
}
