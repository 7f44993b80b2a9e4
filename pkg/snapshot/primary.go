package snapshot

import (
	"context"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// primarySource reads the facts about the primary once for all regions. The first one to ask makes the requests, others wait
// for the same answers. Nobody may change them.
type primarySource struct {
	client        *coder.Client
	found         once[Primary]
	registrations once[Fact[[]coder.Satellite]]
	unified       once[Unified]
	workspaces    once[Fact[map[string][]coder.Workspace]] // by the IDs of their providers
}

// once holds a value that is determined at most once.
type once[T any] struct {
	sync.Once
	value T
}

func (o *once[T]) get(find func() T) T {
	o.Do(func() { o.value = find() })
	return o.value
}

// facts returns the facts about the primary. They need four requests, in parallel; facts that cannot be read are unknown.
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

// Document returns the primary in the form of documents.
func (p Primary) Document() v1alpha1.Primary {
	document := v1alpha1.Primary{URL: p.URL, Operator: p.Me.Value().Email}
	if version, ok := p.Version.Get(); ok {
		document.Version = version.String()
	}
	return document
}
