package snapshot

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// errNoAccessURL is the reason in verbs that can do without an access URL.
var errNoAccessURL = errors.New("no access URL is set; give --access-url or a Fleet file")

// endpoint reads the satellite's key at the access URL. Only if that fails, a probe finds out how far a connection gets. Once
// the satellite was inspected, it reads the primary's version through the satellite. That request carries
// $ENDPOINT_AUTH_HEADER, so it is only sent if the served key is that of the cluster.
func (src *Source) endpoint(ctx context.Context, s *Snapshot, inspected func()) Fact[Endpoint] {
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
	s.Endpoint = Known(found)
	inspected()
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

func (src *Source) target() probe.Target {
	return probe.Target{URL: src.Region.Satellite.AccessURL, ConnectTo: src.Region.Satellite.ConnectTo, RootCAs: src.survey.config.RootCAs}
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

// Unified is what answers at the fleet's unified URL. DNS leads it to one place from here, so it is the same for all regions.
type Unified struct {
	Identity coder.Identity
	Err      error        // why nothing answers as Coder does
	Reach    probe.Result // how far a connection got; only collected if Err is set
}

// unified asks what answers at the unified URL, once for all regions, without credentials for the unknown recipient.
func (src *Source) unified(ctx context.Context) Fact[Unified] {
	if src.Region.Satellite.UnifiedURL == "" {
		return Fact[Unified]{}
	}
	if src.Endpoint == nil {
		return Unknown[Unified](errNoAccessURL)
	}
	client, err := src.Endpoint.At(src.Region.Satellite.UnifiedURL, "")
	if err != nil {
		return Unknown[Unified](err)
	}
	return Known(src.survey.shared.unified.get(func() (found Unified) {
		defer client.CloseIdle()
		if found.Identity, found.Err = client.Identify(ctx); found.Err != nil {
			found.Reach = probe.Endpoint(ctx, probe.Target{URL: src.Region.Satellite.UnifiedURL, RootCAs: src.survey.config.RootCAs})
		}
		return found
	}))
}

// unifiedCertificate returns the certificate that the satellite serves for the unified URL's name. If the certificate for
// its own name does not cover both, it takes a handshake to know, since a server may choose by the name.
func (src *Source) unifiedCertificate(ctx context.Context, own *probe.Certificate) *probe.Certificate {
	host := fleet.Host(src.Region.Satellite.UnifiedURL)
	switch {
	case host == "" || own == nil:
		return nil
	case own.For(host):
		return own
	}
	target := src.target()
	target.ServerName = host
	return cmp.Or(probe.Endpoint(ctx, target).Certificate, own)
}
