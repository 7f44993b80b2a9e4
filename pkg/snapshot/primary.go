package snapshot

import (
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// primarySource gathers the facts about the primary once for all regions.
type primarySource struct {
	client *coder.Client

	once  sync.Once
	found Primary

	registrationsOnce sync.Once
	registered        Fact[[]coder.Satellite]

	unifiedOnce sync.Once
	unified     Unified

	workspacesOnce sync.Once
	byProvider     Fact[map[string][]coder.Workspace]
}

// registrations returns the registered satellites. The first call makes one request;
// later calls wait for the same answer, which nobody may change.
func (p *primarySource) registrations(ctx context.Context) Fact[[]coder.Satellite] {
	p.registrationsOnce.Do(func() { p.registered = FactOf(p.client.Satellites(ctx)) })
	return p.registered
}

// facts returns the facts about the primary. The first call makes four
// requests in parallel; later calls wait for the same answers. It never fails:
// what could not be read is unknown.
func (p *primarySource) facts(ctx context.Context) Primary {
	p.once.Do(func() {
		found := Primary{URL: p.client.URL()}
		var group sync.WaitGroup
		group.Go(func() { found.Version = FactOf(p.client.Version(ctx)) })
		group.Go(func() { found.Me = FactOf(p.client.Me(ctx)) })
		group.Go(func() { found.ServedKey = FactOf(p.client.ServedKey(ctx)) })
		group.Go(func() { found.Providers = FactOf(p.client.Providers(ctx)) })
		group.Wait()
		p.found = found
	})
	return p.found
}
