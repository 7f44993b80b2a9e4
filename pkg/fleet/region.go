package fleet

import (
	"cmp"
	"fmt"
	"slices"

	"helm.sh/helm/v3/pkg/cli/values"

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
		provider.Context = cmp.Or(provider.Context, region.Context)
		owner := fmt.Sprintf("%s.providers[%d]", at, i)
		all = append(all, declaration{RegionProvider: provider, owner: owner, namePath: owner + ".name"})
	}
	return all
}

// regionOf returns a region of the fleet with the defaults filled in.
func regionOf(in v1alpha1.Fleet, declared v1alpha1.Region, folder string, sets values.Options) Region {
	region := Region{Name: declared.Name, Labels: declared.Labels}
	for _, provider := range declarations("", declared) {
		canary := cmp.Or(provider.Canary.Workspace, CanaryAuto)
		region.Providers = append(region.Providers, Provider{Name: provider.Name, Context: provider.Context, Canary: canary})
	}
	if declared.Satellite == SatelliteNone {
		return region
	}
	region.Satellite = Satellite{
		Context:    declared.Context,
		Namespace:  cmp.Or(declared.Namespace, in.Defaults.Namespace, DefaultNamespace),
		Release:    cmp.Or(declared.Release, in.Defaults.Release, DefaultRelease),
		AccessURL:  coder.NormalURL(declared.AccessURL),
		UnifiedURL: coder.NormalURL(in.UnifiedURL),
		ConnectTo:  declared.ConnectTo,
		Sets:       sets,
		Chart:      chartOf(in.Chart, folder),
	}
	for _, file := range slices.Concat(in.Defaults.Values, declared.Values) {
		region.Satellite.ValueFiles = append(region.Satellite.ValueFiles, inFolder(folder, file))
	}
	return region
}
