package snapshot

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

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
	return Known(src.shared.unified.get(func() (found Unified) {
		defer client.CloseIdle()
		if found.Identity, found.Err = client.Identify(ctx); found.Err != nil {
			found.Reach = probe.Endpoint(ctx, probe.Target{URL: src.Region.Satellite.UnifiedURL, RootCAs: src.rootCAs})
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

// ServesAccessURL reports whether the deployed satellite has the region's access URL as its own or an alternate one.
func (s *Snapshot) ServesAccessURL() bool {
	if coder.SameURL(s.InstalledAccessURL(), s.Region.Satellite.AccessURL) {
		return true
	}
	host := fleet.Host(s.Region.Satellite.AccessURL)
	return slices.ContainsFunc(s.alternates(), func(name string) bool { return strings.EqualFold(name, host) })
}

// InstalledOwnURL returns the deployed satellite's own URL, for display: its access URL or, if that is the unified one, its
// first other host name.
func (s *Snapshot) InstalledOwnURL() string {
	installed := s.InstalledAccessURL()
	if s.Region.Satellite.UnifiedURL == "" || !coder.SameURL(installed, s.Region.Satellite.UnifiedURL) {
		return installed
	}
	for _, name := range s.alternates() {
		if !strings.EqualFold(name, fleet.Host(installed)) {
			return "https://" + strings.ToLower(name)
		}
	}
	return installed
}

// alternates returns the deployed satellite's alternate host names. The chart cannot use values of another form.
func (s *Snapshot) alternates() []string {
	state := s.Satellite.Value()
	if !state.Installed {
		return nil
	}
	names, _ := satellite.AlternateHostnames(state.Values)
	return names
}
