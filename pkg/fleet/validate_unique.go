package fleet

import (
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// claim is a value that nothing else in the fleet may have, and where it stands.
type claim struct {
	value string
	// path is the field's, and owner that of the region or provider that it belongs to.
	path, owner string
}

// validateUnique notes what two regions share and must not. Names differ by
// more than case, because they also name folders on systems that ignore it.
func validateUnique(p *problems, in []v1alpha1.Region, out []Region) {
	var names, sites, urls, providers, unnamed []claim
	for i, region := range in {
		at, satellite := fmt.Sprintf("regions[%d]", i), out[i].Satellite
		names = append(names, claim{strings.ToLower(region.Name), at + ".name", at})
		if !satellite.None() {
			sites = append(sites, claim{satellite.Namespace + " in context " + satellite.Context, at + ".namespace", at})
		}
		if !strings.Contains(region.AccessURL, "@") { // it may hold a password, which no error may repeat
			urls = append(urls, claim{satellite.AccessURL, at + ".accessURL", at})
		}
		for _, provider := range declarations(at, region) {
			if provider.Name == "" {
				unnamed = append(unnamed, claim{provider.Context, provider.namePath, provider.owner})
			}
			providers = append(providers, claim{provider.Name, provider.namePath, provider.owner})
		}
	}
	const shared = "%[1]q is also that of %[2]s; "
	p.unique(names, shared+"names must differ by more than upper and lower case")
	p.unique(sites, shared+"a namespace holds one satellite; give this region a namespace of its own")
	p.unique(urls, shared+"every satellite needs a URL of its own")
	p.unique(providers, shared+"a workspace provider belongs to one region")
	p.unique(unnamed, "missing; %[2]s names no provider in context %[1]q either, and both would match the same one; name them")
}

// unique notes claims of a value that is claimed already; an empty value is none.
// The format gets the value, and the owner of the earlier claim with its line.
func (p *problems) unique(claims []claim, format string) {
	first := make(map[string]claim, len(claims))
	for _, claim := range claims {
		if claim.value == "" {
			continue
		}
		earlier, ok := first[claim.value]
		if !ok {
			first[claim.value] = claim
			continue
		}
		p.addf(claim.path, format, claim.value, earlier.owner+p.line(earlier.path))
	}
}
