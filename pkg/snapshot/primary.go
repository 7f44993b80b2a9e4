package snapshot

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// primarySource gathers the facts about the primary once for all regions.
type primarySource struct {
	client *coder.Client

	once  sync.Once
	found Primary

	unifiedOnce sync.Once
	unified     Unified

	workspacesOnce sync.Once
	byProvider     Fact[map[string][]coder.Workspace]
}

// newPrimarySource returns a source that asks client at the first use.
func newPrimarySource(client *coder.Client) *primarySource {
	return &primarySource{client: client}
}

// facts returns the facts about the primary. The first call makes four
// requests in parallel; later calls wait for the same answers. It never fails:
// what could not be read is unknown.
func (p *primarySource) facts(ctx context.Context) Primary {
	p.once.Do(func() {
		found := Primary{URL: p.client.URL()}
		var group errgroup.Group
		group.Go(func() error {
			found.Version = FactOf(p.client.Version(ctx))
			return nil
		})
		group.Go(func() error {
			found.Me = FactOf(p.client.Me(ctx))
			return nil
		})
		group.Go(func() error {
			found.ServedKey = FactOf(p.client.ServedKey(ctx))
			return nil
		})
		group.Go(func() error {
			found.Providers = FactOf(p.client.Providers(ctx))
			return nil
		})
		_ = group.Wait() // the functions return no errors: each fact holds its own
		p.found = found
	})
	return p.found
}
