package snapshot

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Source is where the facts of one region come from. A Survey makes the
// sources of its regions, complete.
type Source struct {
	// Region is the region as the operator declared it.
	Region fleet.Region
	// Access is the region's cluster; nil if there is none to ask.
	Access *cluster.Access
	// Primary is the primary's API.
	Primary *coder.Client

	noAccess       error         // why Access is nil
	endpointClient *coder.Client // speaks to the access URL; nil without one
	shared         *primarySource
	charts         *chartCache
	rootCAs        *x509.CertPool
	clock          clock.PassiveClock
}

// RegionConfig holds what the facts of one region come from.
type RegionConfig struct {
	Region fleet.Region
	// Access is the region's cluster, or NoAccess the reason why there is none.
	Access   *cluster.Access
	NoAccess error
	// Endpoint speaks to the access URL; nil if the region has none.
	Endpoint *coder.Client
}

func (c RegionConfig) validate() error {
	switch {
	case c.Access == nil && c.NoAccess == nil:
		return fmt.Errorf("region %q: neither its cluster nor the reason why there is none is given", c.Region.Name)
	case c.Access != nil && c.NoAccess != nil:
		return fmt.Errorf("region %q: both its cluster and a reason why there is none are given", c.Region.Name)
	case (c.Region.AccessURL == "") != (c.Endpoint == nil):
		return fmt.Errorf("region %q: an access URL and its client belong together", c.Region.Name)
	default:
		return nil
	}
}

// Wrapped returns the same source with wrap around the transports to the
// cluster and the primary, as their own Wrapped. The access URL is only read from.
func (src *Source) Wrapped(wrap func(http.RoundTripper) http.RoundTripper) (*Source, error) {
	if src.Access == nil {
		return nil, errors.Join(fmt.Errorf("region %q has no cluster to write to", src.Region.Name), src.noAccess)
	}
	access, err := src.Access.Wrapped(wrap)
	if err != nil {
		return nil, err
	}
	wrapped := *src
	wrapped.Access, wrapped.Primary = access, src.Primary.Wrapped(wrap)
	return &wrapped, nil
}
