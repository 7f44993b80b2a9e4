package snapshot

import (
	"context"
	"errors"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// errNoAccessURL is why nothing is known of what answers: verbs that can do
// without an access URL do not ask for one.
var errNoAccessURL = errors.New("no access URL was named; give --access-url or a Fleet file")

// endpoint asks the access URL for the satellite's key and, through the
// satellite, for the primary's version. Only when the key cannot be read is
// the connection taken apart to say how far it got.
func (src *Source) endpoint(ctx context.Context) Fact[Endpoint] {
	if src.Satellite == nil {
		return Unknown[Endpoint](errNoAccessURL)
	}
	var (
		found Endpoint
		group sync.WaitGroup
	)
	group.Go(func() { found.Key, found.KeyErr = src.Satellite.SatelliteKey(ctx) })
	group.Go(func() { found.Version = FactOf(src.Satellite.Version(ctx)) })
	group.Wait()
	if found.KeyErr != nil {
		found.Reach = probe.Endpoint(ctx, probe.Target{
			URL:       src.Region.AccessURL,
			ConnectTo: src.Region.ConnectTo,
			RootCAs:   src.RootCAs,
		})
	}
	return Known(found)
}
