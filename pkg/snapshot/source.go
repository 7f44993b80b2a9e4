package snapshot

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Source is where the facts of one provider's view of its region come from. A Survey makes complete ones.
type Source struct {
	Region                      fleet.Region
	Declared                    fleet.Provider
	SatelliteSite, ProviderSite Site // may be the same cluster
	Primary                     *coder.Client
	Endpoint                    *coder.Client // of the access URL; nil without one

	siblings []declaredAt // the region's other providers
	shared   *primarySource
	charts   *chartCache
	rootCAs  *x509.CertPool
	clock    clock.PassiveClock
}

// Site is a cluster, or the reason why it cannot be used.
type Site struct {
	Access *cluster.Access
	Err    error // set if Access is nil
}

func (s Site) validate(whose string) error {
	if (s.Access == nil) == (s.Err == nil) {
		return fmt.Errorf("%s: give either its cluster or the reason why there is none", whose)
	}
	return nil
}

// RegionConfig holds what the facts of one region come from.
type RegionConfig struct {
	Region    fleet.Region
	Satellite Site // ignored if the region has no satellite
	// Providers are the sites of the region's providers, in their order, and Others those that were not selected.
	Providers, Others []Site
	Endpoint          *coder.Client // of the access URL; nil without one
}

func (c RegionConfig) validate() error {
	whose := fmt.Sprintf("region %q", c.Region.Name)
	errs := []error{}
	if !c.Region.Satellite.None() {
		errs = append(errs, c.Satellite.validate(whose+", satellite"))
	}
	if len(c.Providers) == 0 || len(c.Providers) != len(c.Region.Providers) {
		errs = append(errs, fmt.Errorf("%s has %d providers, but %d sites of providers", whose, len(c.Region.Providers), len(c.Providers)))
	}
	if len(c.Others) != len(c.Region.Others) {
		errs = append(errs, fmt.Errorf("%s has %d further providers, but %d sites of them", whose, len(c.Region.Others), len(c.Others)))
	}
	for i, site := range c.Providers {
		errs = append(errs, site.validate(fmt.Sprintf("%s, provider %d", whose, i+1)))
	}
	if (c.Region.Satellite.AccessURL == "") != (c.Endpoint == nil) {
		errs = append(errs, fmt.Errorf("%s: an access URL and its client belong together", whose))
	}
	return errors.Join(errs...)
}

// declared returns all providers of the region, the selected ones first.
func (c RegionConfig) declared() []declaredAt {
	var all []declaredAt
	for i, provider := range slices.Concat(c.Region.Providers, c.Region.Others) {
		site := slices.Concat(c.Providers, c.Others)[i]
		all = append(all, declaredAt{Provider: provider, server: site.server()})
	}
	return all
}

func (s Site) server() string {
	if s.Access == nil {
		return ""
	}
	return s.Access.Server()
}

// Wrapped returns the source with transports around those to its two sites and to the primary.
func (src *Source) Wrapped(satellite, provider, primary func(http.RoundTripper) http.RoundTripper) (*Source, error) {
	wrapped := *src
	var errs [2]error
	wrapped.SatelliteSite, errs[0] = src.SatelliteSite.wrapped(satellite)
	wrapped.ProviderSite, errs[1] = src.ProviderSite.wrapped(provider)
	wrapped.Primary = src.Primary.Wrapped(primary)
	return &wrapped, errors.Join(errs[:]...)
}

func (s Site) wrapped(wrap func(http.RoundTripper) http.RoundTripper) (Site, error) {
	if s.Access == nil {
		return s, nil
	}
	access, err := s.Access.Wrapped(wrap)
	return Site{Access: access}, err
}
