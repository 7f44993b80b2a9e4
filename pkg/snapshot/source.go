package snapshot

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Source is where the facts of one provider's view of its region come from. A Survey makes complete ones.
type Source struct {
	Region                      fleet.Region
	Declared                    fleet.Provider
	SatelliteSite, ProviderSite *cluster.Access // may be the same cluster; the first is nil in a region without a satellite
	Primary                     *coder.Client
	Endpoint                    *coder.Client // of the access URL; nil without one

	config RegionConfig // of the region
	survey *Survey
}

// RegionConfig holds what the facts of one region come from.
type RegionConfig struct {
	Region    fleet.Region
	Satellite *cluster.Access // nil if the region has no satellite
	// Providers are the clusters of the region's providers, in their order, and Others those of providers that were not selected.
	Providers, Others []*cluster.Access
	Endpoint          *coder.Client // of the access URL; nil without one
}

func (c RegionConfig) validate() error {
	switch whose := fmt.Sprintf("region %q", c.Region.Name); {
	case c.Region.Satellite.None() != (c.Satellite == nil), slices.Contains(c.Providers, nil):
		return fmt.Errorf("%s: give the cluster of its satellite, if it has one, and of each provider", whose)
	case len(c.Providers) == 0 || len(c.Providers) != len(c.Region.Providers):
		return fmt.Errorf("%s has %d providers, but %d clusters of providers", whose, len(c.Region.Providers), len(c.Providers))
	case len(c.Others) != len(c.Region.Others):
		return fmt.Errorf("%s has %d further providers, but %d clusters of them", whose, len(c.Region.Others), len(c.Others))
	case (c.Region.Satellite.AccessURL == "") != (c.Endpoint == nil):
		return fmt.Errorf("%s: an access URL and its client belong together", whose)
	}
	return nil
}

// Wrapped returns the source with transports around those to its two sites and to the primary.
func (src *Source) Wrapped(satellite, provider, primary func(http.RoundTripper) http.RoundTripper) *Source {
	wrapped := *src
	if src.SatelliteSite != nil {
		wrapped.SatelliteSite = src.SatelliteSite.Wrapped(satellite)
	}
	wrapped.ProviderSite, wrapped.Primary = src.ProviderSite.Wrapped(provider), src.Primary.Wrapped(primary)
	return &wrapped
}
