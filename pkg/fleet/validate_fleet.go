package fleet

import (
	"fmt"
	"strings"
)

// checkUnified checks the unified URL. It needs a host of its own: satellites tell it from their own URL by the host, and
// DNS leads it to the nearest deployment.
func (v *validator) checkUnified() {
	v.checkURL("unifiedURL", v.in.UnifiedURL)
	host := Host(v.in.UnifiedURL)
	if host == "" {
		return
	}
	v.addIf(host == Host(v.out.CoderURL), "unifiedURL", "%q is also the host of the primary's URL; the unified URL needs a host of its own", host)
	for i, region := range v.in.Regions {
		v.addIf(host == Host(region.AccessURL), "unifiedURL", "%q is also the host of the access URL of region %q%s; the unified URL needs a host of its own",
			host, region.Name, v.line(fmt.Sprintf("regions[%d].accessURL", i)))
	}
}

// checkUnique adds problems for whatever two regions must not share. Names must differ by more than case, because they
// also name folders on systems that ignore case.
func (v *validator) checkUnique() {
	owners := make(map[string]string) // by message and value
	claim := func(path, owner, value, shared string) {
		if value == "" {
			return
		}
		if earlier, ok := owners[shared+value]; ok {
			v.addf(path, shared, value, earlier)
			return
		}
		owners[shared+value] = owner + v.line(path)
	}
	const shared = "%[1]q is already used by %[2]s; "
	for i, region := range v.in.Regions {
		at, satellite := fmt.Sprintf("regions[%d]", i), v.out.Regions[i].Satellite
		claim(at+".name", at, strings.ToLower(region.Name), shared+"names must differ by more than upper and lower case")
		if !satellite.None() {
			claim(at+".namespace", at, satellite.Namespace+" in context "+satellite.Context,
				shared+"a namespace holds one satellite; give this region a namespace of its own")
		}
		if !strings.Contains(region.AccessURL, "@") { // it may hold a password, which no error may repeat
			claim(at+".accessURL", at, satellite.AccessURL, shared+"every satellite needs a URL of its own")
		}
		for _, provider := range declarations(at, region) {
			claim(provider.namePath, provider.owner, provider.Name, shared+"a workspace provider belongs to one region")
			if provider.Name == "" {
				claim(provider.namePath, provider.owner, provider.Context,
					"missing; %[2]s names no provider in context %[1]q either, and both would match the same one; name them")
			}
		}
	}
}
