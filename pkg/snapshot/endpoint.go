package snapshot

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// errNoAccessURL is why nothing is known of what answers: verbs that can do
// without an access URL do not ask for one.
var errNoAccessURL = errors.New("no access URL was named; give --access-url or a Fleet file")

// endpoint asks the access URL for the satellite's key. Only when that cannot
// be read is the connection taken apart to say how far it got.
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
		if found.Reach.Certificate != nil {
			found.Certificate = found.Reach.Certificate
		}
	}
	found.UnifiedCertificate = src.unifiedCertificate(ctx, found.Certificate)
	return Known(found)
}

func (src *Source) target() probe.Target {
	return probe.Target{URL: src.Region.Satellite.AccessURL, ConnectTo: src.Region.Satellite.ConnectTo, RootCAs: src.rootCAs}
}

// proxied completes the endpoint with the primary's version, asked for through
// the satellite. The request carries what $ENDPOINT_AUTH_HEADER holds, so it is
// only sent once the key that is served has been compared with the cluster's.
func (src *Source) proxied(ctx context.Context, s *Snapshot) Fact[Endpoint] {
	found, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint
	}
	switch own, err := s.ServesOwnKey(); {
	case err != nil:
		found.Version = Unknown[coder.Version](fmt.Errorf("not asked before the key that is served is known to be the cluster's: %w", err))
	case !own:
		found.Version = Unknown[coder.Version](errors.New("not asked, because the access URL does not serve the key in the cluster"))
	default:
		found.Version = FactOf(src.Endpoint.Version(ctx))
	}
	return Known(found)
}

// PathAnswers returns nil when the primary's own version comes back
// through the satellite; in a region without one, when the primary answers.
func (s *Snapshot) PathAnswers() error {
	if s.Region.Satellite.None() {
		return s.Primary.Version.Err()
	}
	endpoint, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint.Err()
	}
	through, known := endpoint.Version.Get()
	if !known {
		return endpoint.Version.Err()
	}
	direct, known := s.Primary.Version.Get()
	if !known {
		return s.Primary.Version.Err()
	}
	if through != direct {
		return fmt.Errorf("version %s answers through the satellite, but %s at the primary", through, direct)
	}
	return nil
}
