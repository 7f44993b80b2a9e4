package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// errNoAccessURL is the reason in verbs that can do without an access URL.
var errNoAccessURL = errors.New("no access URL is set; give --access-url or a Fleet file")

// endpoint reads the satellite's key at the access URL. Only if that fails, a probe finds out how far a connection gets.
func (src *Source) endpoint(ctx context.Context) Fact[Endpoint] {
	if src.Endpoint == nil {
		return Unknown[Endpoint](errNoAccessURL)
	}
	var found Endpoint
	watched, certificate := probe.Watch(ctx)
	found.Key, found.KeyErr = src.Endpoint.SatelliteKey(watched)
	found.Certificate = certificate()
	if found.KeyErr != nil {
		found.Reach = probe.Endpoint(ctx, src.target())
		found.Certificate = cmp.Or(found.Reach.Certificate, found.Certificate)
	}
	found.UnifiedCertificate = src.unifiedCertificate(ctx, found.Certificate)
	return Known(found)
}

// target is the access URL, for a probe.
func (src *Source) target() probe.Target {
	return probe.Target{URL: src.Region.Satellite.AccessURL, ConnectTo: src.Region.Satellite.ConnectTo, RootCAs: src.rootCAs}
}

// proxied adds the primary's version as read through the satellite. The request carries $ENDPOINT_AUTH_HEADER, so it is only
// sent if the served key is that of the cluster.
func (src *Source) proxied(ctx context.Context, s *Snapshot) Fact[Endpoint] {
	found, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint
	}
	switch own, err := s.ServesOwnKey(); {
	case err != nil:
		found.Version = Unknown[coder.Version](fmt.Errorf("not read, because the served key could not be compared with the cluster's: %w", err))
	case !own:
		found.Version = Unknown[coder.Version](errors.New("not read, because the access URL does not serve the key in the cluster"))
	default:
		found.Version = FactOf(src.Endpoint.Version(ctx))
	}
	return Known(found)
}

// PathAnswers returns nil if the primary's version can be read through the satellite or, in a region without one, directly.
func (s *Snapshot) PathAnswers() error {
	if s.Region.Satellite.None() {
		return s.Primary.Version.Err()
	}
	endpoint := s.Endpoint.Value()
	if err := cmp.Or(s.Endpoint.Err(), endpoint.Version.Err(), s.Primary.Version.Err()); err != nil {
		return err
	}
	if through, direct := endpoint.Version.Value(), s.Primary.Version.Value(); through != direct {
		return fmt.Errorf("version %s answers through the satellite, but %s at the primary", through, direct)
	}
	return nil
}
