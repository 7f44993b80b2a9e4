package fleet

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/validate/content"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// contexts is how a user sees what contexts there are.
const contexts = "(`kubectl config get-contexts` lists them)"

// regionName is what may name a region: it becomes the name of a registration,
// of folders on any system and of rows in tables.
var regionName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$`)

// validateRegion notes what is wrong with the region at that path.
func validateRegion(p *problems, at string, region v1alpha1.Region, out *Fleet, folder string, need requirements) {
	switch {
	case region.Name == "":
		p.addf(at+".name", "missing; a short name for the region, which its satellite is registered with")
	case !regionName.MatchString(region.Name):
		p.addf(at+".name", "%q is not a region's name: use up to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends", region.Name)
	}
	validateLabels(p, at+".labels", region.Labels)
	switch region.Satellite {
	case "":
		validateSatellite(p, at, region, out, folder, need)
	case SatelliteNone:
		validateNoSatellite(p, at, region)
	default:
		p.addf(at+".satellite", "is %q; write %q if the region has no satellite, and leave it out otherwise", region.Satellite, SatelliteNone)
	}
	validateProviders(p, at, region)
}

func validateSatellite(p *problems, at string, region v1alpha1.Region, out *Fleet, folder string, need requirements) {
	if region.Context == "" {
		p.addf(at+".context", "missing; the kubeconfig context of the satellite's cluster "+contexts)
	}
	switch {
	case region.AccessURL != "":
		validateURL(p, at+".accessURL", region.AccessURL)
		if out.CoderURL != "" && coder.NormalURL(region.AccessURL) == out.CoderURL {
			p.addf(at+".accessURL", "is the primary's own URL; a satellite needs one of its own")
		}
	case need.accessURL:
		p.addf(at+".accessURL", "missing; the https URL where users will reach the satellite")
	}
	validateNames(p, at+".", region.Namespace, region.Release)
	for i, file := range region.Values {
		validateFile(p, fmt.Sprintf("%s.values[%d]", at, i), file, inFolder(folder, file))
	}
	if region.ConnectTo != "" {
		validateHostPort(p, at+".connectTo", region.ConnectTo)
	}
}

// validateNoSatellite notes what a region without a satellite cannot have, and
// what it needs: the primary's own address for its cluster is not the one in a
// kubeconfig, so that such a provider is never found by address.
func validateNoSatellite(p *problems, at string, region v1alpha1.Region) {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"accessURL", region.AccessURL != ""}, {"namespace", region.Namespace != ""}, {"release", region.Release != ""},
		{"values", len(region.Values) > 0}, {"connectTo", region.ConnectTo != ""},
	} {
		if field.set {
			p.addf(at+"."+field.name, "a region without a satellite has none; leave it out")
		}
	}
	if len(region.Providers) == 0 && region.Provider == "" {
		p.addf(at+".providers", "missing; a region without a satellite names its providers: `providers: [{name: built-in, context: CONTEXT}]`")
		return
	}
	for _, provider := range declarations(at, region) {
		if provider.Name == "" {
			p.addf(provider.namePath, "missing; a region without a satellite names its providers, such as `name: built-in`")
		}
		if provider.Context == "" {
			p.addf(provider.owner+".context", "missing; the kubeconfig context of the provider's cluster "+contexts)
		}
	}
}

func validateProviders(p *problems, at string, region v1alpha1.Region) {
	if len(region.Providers) > 0 {
		if region.Provider != "" {
			p.addf(at+".provider", "cannot be used with `providers`; put it into providers[0], as its `name`")
		}
		if region.Canary.Workspace != "" {
			p.addf(at+".canary", "cannot be used with `providers`; put it into providers[0], as its `canary`")
		}
	}
	for _, provider := range declarations(at, region) {
		if canary := provider.Canary.Workspace; strings.TrimSpace(canary) != canary {
			p.addf(provider.owner+".canary.workspace", "%q has blanks around it", canary)
		}
	}
}

// validateLabels notes labels that Kubernetes would not take either.
func validateLabels(p *problems, at string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		if len(content.IsLabelKey(key)) > 0 {
			p.addf(at+"."+key, "%q is not a label's key: use up to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends, "+
				"after a DNS name and a slash if you like: example.com/tier", key)
		}
		if value := labels[key]; len(content.IsLabelValue(value)) > 0 {
			p.addf(at+"."+key, "%q is not a label's value: use up to 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends", value)
		}
	}
}
