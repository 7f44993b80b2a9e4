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

// gate lets builds of one provider begin as long as its users would arrive on a path
// that works, and keeps new workspaces off the provider meanwhile if that is wanted.
type gate struct {
	provider   *provider
	api        *coder.Client
	wantCordon bool

	// left is how many builds are still to come; the last one lifts the cordon.
	left atomic.Int32
	// lift lifts it once, and returns the same error each time.
	lift func() error

	mu       sync.Mutex
	view     *snapshot.Snapshot
	cordoned bool
}

func newGate(ctx context.Context, p *provider, api *coder.Client, cordon bool) *gate {
	view := *p.view // the first look stays as it was
	g := &gate{provider: p, api: api, wantCordon: cordon && p.view.ProviderID() != "", view: &view}
	g.lift = sync.OnceValue(func() error { return g.uncordon(ctx) })
	return g
}

// open returns nil if the provider is as it was when the builds were planned, and the
// path of its users answers.
func (g *gate) open(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.provider.source.Refresh(ctx, g.view, snapshot.ItemProvider, snapshot.ItemJournal, snapshot.ItemSatellite, snapshot.ItemEndpoint)
	since, err := g.provider.sinceOf(g.view)
	switch was, is := g.provider.view.Networking(), g.view.Networking(); {
	case !g.view.Provider.IsKnown():
		return fmt.Errorf("whether Networking v2 is still as it was is unknown: %w", g.view.Provider.Err())
	case was != is:
		return errors.New("Networking v2 was switched meanwhile")
	case err != nil:
		return err
	case !since.Equal(g.provider.since):
		return errors.New("Networking v2 was switched off and on meanwhile")
	case was == v1alpha1.NetworkingV2Off: // nobody connects through the satellite
		return nil
	default:
		return g.view.PathAnswers()
	}
}

// cordon keeps new workspaces off the provider, if that is wanted and not done.
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

// done notes that one of the builds is over.
func (g *gate) done() {
	if g.left.Add(-1) == 0 {
		_ = g.lift() // the error is kept
	}
}

// liftTime bounds lifting a cordon.
const liftTime = time.Minute

// uncordon lifts the cordon if one was wanted, whether this run set it or not: an
// earlier one with the same flags may have been killed. The error says what to type if
// that failed.
func (g *gate) uncordon(ctx context.Context) error {
	if !g.wantCordon {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), liftTime)
	defer cancel()
	if err := g.api.UncordonProvider(ctx, g.provider.view.ProviderID()); err != nil {
		return fmt.Errorf("the provider is still cordoned, it takes no new workspaces: %w; lift it with `%s`", err,
			shell.Join("coder", "providers", "uncordon", g.provider.view.ProviderName()))
	}
	return nil
}
