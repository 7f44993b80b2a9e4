package fleet

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

const contexts = "(`kubectl config get-contexts` lists them)"

// validName matches what can name a region or a wave: a registration, a folder on any system, a row in a table.
var validName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

func (v *validator) checkRegion(at string, region v1alpha1.Region) {
	v.addIf(region.Name == "", at+".name", "missing; give a short name, under which the satellite is registered")
	v.addIf(region.Name != "" && !validName.MatchString(region.Name), at+".name",
		"%q is not a region's name: use up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends", region.Name)
	for _, key := range slices.Sorted(maps.Keys(region.Labels)) {
		v.addIf(len(content.IsLabelKey(key)) > 0, at+".labels."+key, "%q is not a label's key: use up to 63 letters, digits, '-', '_' and '.', "+
			"with a letter or digit at both ends, after a DNS name and a slash if you like: example.com/tier", key)
		value := region.Labels[key]
		v.addIf(len(content.IsLabelValue(value)) > 0, at+".labels."+key,
			"%q is not a label's value: use up to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends", value)
	}
	switch region.Satellite.ManagedBy {
	case "", SatelliteFlux, SatelliteArgoCD, SatelliteHelm:
		v.checkSatellite(at, region)
	case SatelliteNone:
		v.checkNoSatellite(at, region)
	default:
		v.addf(at+".satellite.managedBy", "is %q; write flux, argocd or helm, whichever installs the satellite, none without a satellite, or leave it out",
			region.Satellite.ManagedBy)
	}
	v.addIf(len(region.Providers) > 0 && region.Provider != "", at+".provider", "cannot be used with `providers`; put it into providers[0], as its `name`")
	v.addIf(len(region.Providers) > 0 && region.Canary.Workspace != "", at+".canary", "cannot be used with `providers`; put it into providers[0], as its `canary`")
	for _, provider := range declarations(at, region) {
		canary := provider.Canary.Workspace
		v.addIf(strings.TrimSpace(canary) != canary, provider.owner+".canary.workspace", "%q has spaces around it", canary)
	}
}

func (v *validator) checkSatellite(at string, region v1alpha1.Region) {
	v.addIf(region.Context == "", at+".context", "missing; give the kubeconfig context of the satellite's cluster "+contexts)
	v.addIf(region.AccessURL == "" && v.accessURL, at+".accessURL", "missing; give the https URL where users will reach the satellite")
	v.checkURL(at+".accessURL", region.AccessURL)
	v.addIf(region.AccessURL != "" && coder.NormalURL(region.AccessURL) == v.out.CoderURL, at+".accessURL",
		"is the primary's own URL; a satellite needs one of its own")
	v.checkNames(at, region.Namespace, region.Release)
	v.checkFiles(at+".values", region.Values)
	v.checkHostPort(at+".connectTo", region.ConnectTo)
}

// checkNoSatellite checks a region without a satellite. It must name its providers: the primary's address of its own
// cluster differs from the one in a kubeconfig, so such a provider is never found by address.
func (v *validator) checkNoSatellite(at string, region v1alpha1.Region) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"accessURL", region.AccessURL != ""}, {"namespace", region.Namespace != ""}, {"release", region.Release != ""},
		{"values", len(region.Values) > 0}, {"connectTo", region.ConnectTo != ""},
	} {
		v.addIf(field.set, at+"."+field.name, "a region without a satellite has none; leave it out")
	}
	if len(region.Providers) == 0 && region.Provider == "" {
		v.addf(at+".providers", "missing; a region without a satellite names its providers: `providers: [{name: built-in, context: CONTEXT}]`")
		return
	}
	for _, provider := range declarations(at, region) {
		v.addIf(provider.Name == "", provider.namePath, "missing; a region without a satellite names its providers, such as `name: built-in`")
		v.addIf(provider.Context == "", provider.owner+".context", "missing; give the kubeconfig context of the provider's cluster "+contexts)
	}
}
