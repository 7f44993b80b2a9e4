package fleet

import (
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// MatchProvider returns the primary's workspace provider with the declared name or ID or, without one, with the cluster
// address server, the URL of its context's API server. If none or several match, the error lists the candidates. The
// built-in provider needs no satellite and is refused in a region with one.
func MatchProvider(region Region, declared Provider, server string, providers []coder.Provider) (coder.Provider, error) {
	found, how := candidates(declared, server, providers)
	var names, ids []string
	for _, provider := range providers {
		names = append(names, provider.Name)
	}
	for _, provider := range found {
		ids = append(ids, fmt.Sprintf("%s (ID %s)", provider.Name, provider.ID))
	}
	switch {
	case len(found) > 1:
		return coder.Provider{}, fmt.Errorf("%d workspace providers match the region %q, %s: %s; name one by its ID with --provider "+
			"(or `provider:` in the Fleet file), or, if the region has all of them, name each under `providers:`",
			len(found), region.Name, how, listed(ids))
	case len(found) == 0 && declared.Name != "":
		return coder.Provider{}, fmt.Errorf("the primary has no workspace provider named %q (region %q)%s",
			declared.Name, region.Name, orKnown(declared.Name, names))
	case len(found) == 0:
		return coder.Provider{}, fmt.Errorf("no workspace provider has the cluster address %s of context %q (region %q); "+
			"name one with --provider (or `provider:` in the Fleet file)%s", server, declared.Context, region.Name, others(providers))
	case found[0].BuiltIn && !region.Satellite.None():
		return coder.Provider{}, fmt.Errorf("the workspace provider %q, %s, is built into the primary: its workspaces run in the primary's own "+
			"cluster and need no satellite; put it into a region of its own with `satellite: none` (or --satellite none), "+
			"or name another with --provider (or `provider:` in the Fleet file)%s", found[0].Name, how, others(providers))
	}
	return found[0], nil
}

// ProvidersAt returns the providers whose cluster address is that of the API server.
func ProvidersAt(server string, providers []coder.Provider) []coder.Provider {
	want := address(server)
	other := func(p coder.Provider) bool { return want == "" || address(p.Config.ClusterAddress) != want }
	return slices.DeleteFunc(slices.Clone(providers), other)
}

// candidates returns the providers that match, and a phrase that says how. An ID wins over a name.
func candidates(declared Provider, server string, providers []coder.Provider) ([]coder.Provider, string) {
	if declared.Name == "" {
		return ProvidersAt(server, providers), fmt.Sprintf("whose cluster address is %s", server)
	}
	found := slices.DeleteFunc(slices.Clone(providers), func(p coder.Provider) bool { return p.ID != declared.Name })
	if len(found) > 0 {
		return found, fmt.Sprintf("whose ID is %s", declared.Name)
	}
	found = slices.DeleteFunc(slices.Clone(providers), func(p coder.Provider) bool { return p.Name != declared.Name })
	return found, fmt.Sprintf("named %q", declared.Name)
}

func others(providers []coder.Provider) string {
	var list []string
	for _, provider := range providers {
		if !provider.BuiltIn {
			list = append(list, strings.TrimSpace(provider.Name+" "+provider.Config.ClusterAddress))
		}
	}
	if len(list) == 0 {
		return "; the primary has no other providers"
	}
	return "; there are: " + listed(list)
}
