package snapshot

import (
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// primarySource gathers the facts about the primary once for all regions: the first caller
// makes the requests, the others wait for the same answers, which nobody may change.
type primarySource struct {
	client        *coder.Client
	found         once[Primary]
	registrations once[Fact[[]coder.Satellite]]
	unified       once[Unified]
	workspaces    once[Fact[map[string][]coder.Workspace]] // by the IDs of their providers
}

// once is a value that is found at most once.
type once[T any] struct {
	sync.Once
	value T
}

func (o *once[T]) get(find func() T) T {
	o.Do(func() { o.value = find() })
	return o.value
}

// registered returns the registered satellites. They take one request.
func (p *primarySource) registered(ctx context.Context) Fact[[]coder.Satellite] {
	return p.registrations.get(func() Fact[[]coder.Satellite] { return FactOf(p.client.Satellites(ctx)) })
}

// facts returns the facts about the primary. They take four requests, in parallel. It
// never fails: what could not be read is unknown.
func (p *primarySource) facts(ctx context.Context) Primary {
	return p.found.get(func() Primary {
		found := Primary{URL: p.client.URL()}
		var group sync.WaitGroup
		group.Go(func() { found.Version = FactOf(p.client.Version(ctx)) })
		group.Go(func() { found.Me = FactOf(p.client.Me(ctx)) })
		group.Go(func() { found.ServedKey = FactOf(p.client.ServedKey(ctx)) })
		group.Go(func() { found.Providers = FactOf(p.client.Providers(ctx)) })
		group.Wait()
		return found
	})
}
