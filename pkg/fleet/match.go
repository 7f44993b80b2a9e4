package fleet

import (
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// MatchProvider finds the workspace provider of a region. If the region names
// one, by name or by ID, that one is returned; otherwise the one whose cluster
// address is server, the URL of the API server of the region's context. The
// error lists what there is when none or several match. The built-in provider,
// which is the primary's own cluster, is refused.
func MatchProvider(region Region, server string, providers []coder.Provider) (coder.Provider, error) {
	found, how := candidates(region, server, providers)
	switch len(found) {
	case 1:
		if found[0].BuiltIn {
			return coder.Provider{}, fmt.Errorf("the workspace provider %q, %s, is built into the primary: its workspaces run in the primary's own cluster and need no satellite; "+
				"name another with --provider (or `provider:` in the Fleet file)%s", found[0].Name, how, others(providers))
		}
		return found[0], nil
	case 0:
		return coder.Provider{}, noProvider(region, server, providers)
	}
	names := make([]string, 0, len(found))
	for _, provider := range found {
		names = append(names, fmt.Sprintf("%s (ID %s)", provider.Name, provider.ID))
	}
	return coder.Provider{}, fmt.Errorf("%d workspace providers match the region %q, %s: %s; name one by its ID with --provider (or `provider:` in the Fleet file)",
		len(found), region.Name, how, listed(names))
}

// ProvidersAt returns the providers whose cluster address is the API server's.
func ProvidersAt(server string, providers []coder.Provider) (found []coder.Provider) {
	want := address(server)
	for _, provider := range providers {
		if want != "" && address(provider.Config.ClusterAddress) == want {
			found = append(found, provider)
		}
	}
	return found
}

// candidates returns the providers that match, and in words how they do. An
// exact name or ID wins over one that differs in case.
func candidates(region Region, server string, providers []coder.Provider) ([]coder.Provider, string) {
	filter := func(match func(coder.Provider) bool) (found []coder.Provider) {
		for _, provider := range providers {
			if match(provider) {
				found = append(found, provider)
			}
		}
		return found
	}
	if region.Provider == "" {
		return ProvidersAt(server, providers), fmt.Sprintf("whose cluster address is %s", server)
	}
	if found := filter(func(p coder.Provider) bool { return p.ID == region.Provider }); len(found) > 0 {
		return found, fmt.Sprintf("whose ID is %s", region.Provider)
	}
	return filter(func(p coder.Provider) bool { return p.Name == region.Provider }), fmt.Sprintf("named %q", region.Provider)
}

func noProvider(region Region, server string, providers []coder.Provider) error {
	if region.Provider != "" {
		names := make([]string, 0, len(providers))
		for _, provider := range providers {
			names = append(names, provider.Name)
		}
		return fmt.Errorf("the primary has no workspace provider named %q (region %q)%s", region.Provider, region.Name, orKnown(region.Provider, names))
	}
	return fmt.Errorf("no workspace provider has the cluster address %s of context %q (region %q); name one with --provider (or `provider:` in the Fleet file)%s",
		server, region.Context, region.Name, others(providers))
}

// others lists the providers that could be named, with their addresses.
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
