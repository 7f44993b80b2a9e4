package migration

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// part is a part of a region in a run: the satellite or one provider. Each has its own lock and journal.
type part struct {
	owner   Owner
	name    string // the provider's, as documents show it; empty for the satellite
	several bool   // the region has several providers
	plan    v1alpha1.ProviderPlan
	report  *v1alpha1.ProviderReport
	Run     // of its steps
	held    *lock.Lock
	writer  *journal.Writer // with record and store, its journal
	record  *journal.Record
	store   func(context.Context, *journal.Record) error
	ctx     context.Context // ends when the lock is lost, and with stop
	stop    context.CancelCauseFunc
	steps   []Step // the operation's steps of this owner
	offset  int    // how many steps of the region come before them
	begun   bool   // its steps were begun
	err     error  // why it failed
	closed  bool   // the journal is complete
}

// label puts the provider's name before a sentence if the region has several.
func (p *part) label(text string) string {
	if !p.several {
		return text
	}
	return "provider " + p.name + ": " + text
}

// begunSteps returns the names of the part's steps that this run began to apply.
func (p *part) begunSteps(results []v1alpha1.StepResult) []string {
	var names []string
	for _, result := range results {
		begun := result.State == v1alpha1.StepDone || result.State == v1alpha1.StepFailed || result.State == v1alpha1.StepInterrupted
		if begun && result.Provider == p.name {
			names = append(names, result.Name)
		}
	}
	return names
}

// index returns the position of a step among those of the region, counted from 1; 0 if it is none of them.
func (p *part) index(step string) int {
	for i, s := range p.steps {
		if s.Name == step {
			return p.offset + i + 1
		}
	}
	return 0
}

// open opens the part's journal, begins a run in it, and has its steps begin with the latest view.
func (p *part) open(ctx context.Context, r *regionRun) error {
	_, name := p.names()
	writer, err := journal.Open(ctx, p.site().Clientset(), name)
	if err != nil {
		return err
	}
	p.writer, p.record, p.store = writer, writer.Record(), writer.Write
	if text := resumed(p.record); text != "" && !p.record.Updated.Before(r.stopped) {
		r.report.Resumed, r.stopped = p.label(text), p.record.Updated
	}
	migrated := p.record.Outcome == v1alpha1.OutcomeSucceeded
	p.record.Start(journal.Start{
		RunID: r.Options.RunID, Operation: r.operation.Name, Operator: r.Operator, Reason: r.Options.Reason,
		Primary: p.Source.Primary.URL(), PlanFingerprint: r.plan.Fingerprint, At: r.Clock.Now(),
	})
	switch {
	case !r.operation.LeavesLegacy:
	case p.owner == OwnerProvider:
		p.record.Remember(beforeOfProvider(p.Now))
	default:
		if migrated { // a successful run is the starting point of this one
			p.record.Before = nil
		}
		p.record.Remember(beforeOfSatellite(p.Now))
		for _, provider := range r.providers {
			p.record.Serve(provider.Now.ProviderID())
		}
	}
	p.Initial = new(*p.Now)
	if r.satellite != nil {
		p.SatelliteRecord = r.satellite.record
	}
	if p.owner == OwnerProvider {
		p.ProviderRecord = p.record
	}
	p.note()
	return nil
}

// site returns the site of the part, its lock and its journal.
func (p *part) site() *cluster.Access {
	if p.owner == OwnerSatellite {
		return p.Source.SatelliteSite
	}
	return p.Source.ProviderSite
}

func (p *part) names() (lease, journal types.NamespacedName) {
	if p.owner == OwnerSatellite {
		return p.Source.SatelliteLock(), p.Source.SatelliteJournal()
	}
	return p.Source.ProviderLock(p.Now), p.Source.ProviderJournal(p.Now)
}

// save writes the record to the journal, even if ctx has ended.
func (p *part) save(ctx context.Context) error {
	commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := p.store(commit, p.record); err != nil {
		return fmt.Errorf("the journal could not be written: %w", err)
	}
	return nil
}

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
	p.Now = p.Source.Collect(ctx, snapshot.ItemProvider) // determines where the provider's lock is
	if p.owner == OwnerProvider && p.Now.ProviderID() == "" {
		return because(ctx, fmt.Errorf("the provider is unknown: %w", p.Now.Provider.Err()))
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
		r.satellite.Source = r.satellite.Source.Wrapped(satellite, lock.ReadOnly, satellite)
	}
	for _, p := range r.providers {
		if p.held == nil {
			continue
		}
		primary := func(next http.RoundTripper) http.RoundTripper { return onSatellite(p.held.Fence(next)) }
		p.Source = p.Source.Wrapped(satellite, p.held.Fence, primary)
	}
}
