package snapshot

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// PrimarySource gathers the facts about the primary once for all regions.
type PrimarySource struct {
	client *coder.Client

	once  sync.Once
	facts Primary

	unifiedOnce sync.Once
	unified     Unified
}

// NewPrimarySource returns a source that asks client at the first use.
func NewPrimarySource(client *coder.Client) *PrimarySource {
	return &PrimarySource{client: client}
}

// Facts returns the facts about the primary. The first call makes four
// requests in parallel; later calls wait for the same answers. It never fails:
// what could not be read is unknown.
func (p *PrimarySource) Facts(ctx context.Context) Primary {
	p.once.Do(func() {
		facts := Primary{URL: p.client.URL()}
		var group errgroup.Group
		group.Go(func() error {
			facts.Version = FactOf(p.client.Version(ctx))
			return nil
		})
		group.Go(func() error {
			facts.Me = FactOf(p.client.Me(ctx))
			return nil
		})
		group.Go(func() error {
			facts.ServedKey = FactOf(p.client.ServedKey(ctx))
			return nil
		})
		group.Go(func() error {
			facts.Providers = FactOf(p.client.Providers(ctx))
			return nil
		})
		_ = group.Wait() // the functions return no errors: each fact holds its own
		p.facts = facts
	})
	return p.facts
}
