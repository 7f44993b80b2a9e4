package workspaces

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/shell"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// gate lets builds of a provider start while the path of its users works, and cordons it meanwhile on request.
type gate struct {
	provider   *provider
	api        *coder.Client
	wantCordon bool

	left atomic.Int32 // builds that are still to come; the last one lifts the cordon
	lift func() error // lifts it once; every call returns that result

	mu       sync.Mutex
	view     *snapshot.Snapshot
	cordoned bool
}

func newGate(ctx context.Context, p *provider, api *coder.Client, cordon bool) *gate {
	view := *p.view // keep the first view
	g := &gate{provider: p, api: api, wantCordon: cordon && p.view.ProviderID() != "", view: &view}
	g.lift = sync.OnceValue(func() error { return g.uncordon(ctx) })
	return g
}

// open returns nil if the provider has not changed since the plan and the path of its users answers.
func (g *gate) open(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.provider.source.Refresh(ctx, g.view, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemSatellite, snapshot.ItemEndpoint)
	since, err := g.provider.sinceOf(g.view)
	switch was, is := g.provider.view.Networking(), g.view.Networking(); {
	case !g.view.Provider.IsKnown():
		return fmt.Errorf("whether Networking v2 was switched in the meantime is unknown: %w", g.view.Provider.Err())
	case was != is:
		return errors.New("Networking v2 was switched in the meantime")
	case err != nil:
		return err
	case !since.Equal(g.provider.since):
		return errors.New("Networking v2 was switched off and on in the meantime")
	case was == v1alpha1.NetworkingV2Off: // nobody connects through the satellite
		return nil
	}
	return g.view.PathAnswers()
}

// cordon keeps new workspaces off the provider if that is wanted and not in place.
func (g *gate) cordon(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.wantCordon || g.cordoned {
		return nil
	}
	if err := g.api.CordonProvider(ctx, g.provider.view.ProviderID(), "kubectl coder-satellite rebuilds its workspaces"); err != nil {
		return fmt.Errorf("the provider could not be cordoned: %w", err)
	}
	g.cordoned = true
	return nil
}

func (g *gate) done() {
	if g.left.Add(-1) == 0 {
		_ = g.lift() // the error is kept
	}
}

// uncordon lifts the cordon if one was wanted, even if this run did not set it: an earlier run with the same flags may have
// been killed. The error names the command that lifts it.
func (g *gate) uncordon(ctx context.Context) error {
	if !g.wantCordon {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := g.api.UncordonProvider(ctx, g.provider.view.ProviderID()); err != nil {
		return fmt.Errorf("the provider is still cordoned and accepts no new workspaces: %w; lift the cordon with `%s`", err,
			shell.Join("coder", "providers", "uncordon", g.provider.view.ProviderName()))
	}
	return nil
}
