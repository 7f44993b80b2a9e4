package snapshot

import (
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// declaredAt is a provider as the operator declared it, and the API server of its context.
type declaredAt struct {
	fleet.Provider
	server string
}

// users reads the providers that the satellite serves: all that the region
// declares, selected or not, and those that the satellite's journal names, which
// another Fleet file may have declared. One that the primary no longer lists has
// no users. It takes one request, unless the provider of s is the only one.
func (src *Source) users(ctx context.Context, s *Snapshot) Fact[[]coder.Provider] {
	record, known := s.SatelliteJournal.Get()
	if !known {
		return Unknown[[]coder.Provider](fmt.Errorf("which providers the satellite serves is unknown: %w", s.SatelliteJournal.Err()))
	}
	var noted []string
	if record != nil {
		noted = slices.DeleteFunc(slices.Clone(record.Serves), func(id string) bool { return id == s.ProviderID() })
	}
	if len(src.siblings) == 0 && len(noted) == 0 {
		provider, known := s.Provider.Get()
		if !known {
			return Unknown[[]coder.Provider](s.Provider.Err())
		}
		return Known([]coder.Provider{provider})
	}
	providers, err := src.Primary.Providers(ctx)
	if err != nil {
		return Unknown[[]coder.Provider](err)
	}
	var found []coder.Provider
	for _, provider := range providers {
		if provider.ID == s.ProviderID() || slices.Contains(noted, provider.ID) {
			found = append(found, provider)
		}
	}
	for _, sibling := range src.siblings {
		provider, err := fleet.MatchProvider(src.Region, sibling.Provider, sibling.server, providers)
		if err != nil {
			return Unknown[[]coder.Provider](err)
		}
		found = append(found, provider)
	}
	return Known(found)
}
