package migration

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// takeLocks takes the locks of the parts, always in one order: the satellite's, then the providers' by ID. A provider whose
// lock cannot be taken is left out. The error is why nothing may be changed; even then, call giveUp.
func (r *regionRun) takeLocks(ctx context.Context) error {
	if r.satellite != nil {
		namespace := r.Region.Region.Satellite.Namespace
		if err := journal.EnsureNamespace(ctx, r.satellite.site().Clientset(), namespace); err != nil {
			return because(ctx, fmt.Errorf("the satellite's namespace: %w", err))
		}
		if r.satellite.err = r.take(ctx, r.satellite); r.satellite.err != nil {
			return r.satellite.err
		}
		ctx = r.satellite.ctx
	}
	if len(r.operation.of(OwnerProvider)) > 0 {
		ordered := slices.SortedFunc(slices.Values(r.providers), func(a, b *part) int { return cmp.Compare(a.plan.ID, b.plan.ID) })
		for _, p := range ordered {
			p.err = r.take(ctx, p)
		}
	}
	if err := r.nobodyLeft(); err != nil {
		return err
	}
	r.fence()
	return nil
}

// take takes the part's lock and gives the part a context that ends when the lock is lost.
func (r *regionRun) take(ctx context.Context, p *part) error {
	p.view = p.source.Collect(ctx, snapshot.ItemProvider) // determines where the provider's lock is
	if p.owner == OwnerProvider && p.view.ProviderID() == "" {
		return because(ctx, fmt.Errorf("the provider is unknown: %w", p.view.Provider.Err()))
	}
	lease, _ := p.names()
	held, err := lock.Acquire(ctx, p.site().Clientset(), lock.Options{
		Lease:     lease,
		Holder:    fmt.Sprintf("%s@%s/%s", r.Operator, r.Options.Host, r.Options.RunID),
		Operation: r.operation.Name,
		Duration:  r.Options.LockDuration,
		Clock:     r.Clock,
		Waiting: func(holder string, waited time.Duration) {
			r.progress(p, "", v1alpha1.StepRunning, fmt.Sprintf("waiting for the lock that %s holds, for %s now", holder, waited.Truncate(time.Second)), false)
		},
	})
	if err != nil {
		return because(ctx, err)
	}
	p.held = held
	within, stop := context.WithCancelCause(ctx)
	p.ctx, p.stop = within, stop
	go func() { // ends with the context, at the latest when the lock is given up
		select {
		case <-held.Lost():
			stop(held.Err())
		case <-within.Done():
		}
	}()
	return nil
}

func (r *regionRun) giveUp(ctx context.Context) {
	free, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	for _, p := range slices.Backward(r.all()) {
		if p.held == nil {
			continue
		}
		if err := p.held.Release(free); err != nil && p.err == nil {
			r.report.Left = append(r.report.Left, p.label(fmt.Sprintf("the lock could not be released; it expires by itself: %v", err)))
		}
		p.stop(nil)
	}
}

// fence restricts each part's writes to what its lock guards, while the lock is held. Writes to the primary for a provider
// also need the satellite's lock.
func (r *regionRun) fence() {
	satellite := lock.ReadOnly
	onSatellite := func(next http.RoundTripper) http.RoundTripper { return next }
	if r.satellite != nil {
		satellite, onSatellite = r.satellite.held.Fence, r.satellite.held.Fence
		r.satellite.source = r.satellite.source.Wrapped(satellite, lock.ReadOnly, satellite)
	}
	for _, p := range r.providers {
		if p.held == nil {
			continue
		}
		primary := func(next http.RoundTripper) http.RoundTripper { return onSatellite(p.held.Fence(next)) }
		p.source = p.source.Wrapped(satellite, p.held.Fence, primary)
	}
}
