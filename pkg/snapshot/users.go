package snapshot

import (
	"context"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// users reads the providers that the satellite serves: all that the region declares, selected or not, and those in the
// satellite's journal, which another Fleet file may have declared. A provider that the primary no longer lists has no users.
// It takes one request, unless the provider of s is the only one.
func (src *Source) users(ctx context.Context, s *Snapshot) Fact[[]coder.Provider] {
	record, known := s.SatelliteJournal.Get()
	if !known {
		return Unknown[[]coder.Provider](fmt.Errorf("the providers that the satellite serves are unknown: %w", s.SatelliteJournal.Err()))
	}
	var noted []string
	if record != nil {
		noted = slices.DeleteFunc(slices.Clone(record.Serves), func(id string) bool { return id == s.ProviderID() })
	}
	declared, sites := slices.Concat(src.Region.Providers, src.Region.Others), slices.Concat(src.config.Providers, src.config.Others)
	if len(declared) == 1 && len(noted) == 0 {
		return FactOf([]coder.Provider{s.Provider.Value()}, s.Provider.Err())
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
	for i, sibling := range declared {
		if sibling == src.Declared {
			continue
		}
		provider, err := fleet.MatchProvider(src.Region, sibling, sites[i].Server(), providers)
		if err != nil {
			return Unknown[[]coder.Provider](err)
		}
		found = append(found, provider)
	}
	return Known(found)
}
