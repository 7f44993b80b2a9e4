package migration

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// part is a part of a region in a run: the satellite, or one provider. Each has a
// lock and a journal of its own, beside it.
type part struct {
	owner Owner
	// name is the provider's, as documents show it; empty for the satellite. several
	// is set if its region has others.
	name    string
	several bool
	// plan and report are the provider's.
	plan   v1alpha1.ProviderPlan
	report *v1alpha1.ProviderReport
	// source is where its facts come from, view what is known.
	source *snapshot.Source
	view   *snapshot.Snapshot
	// held is its lock, writer and record are its journal.
	held   *lock.Lock
	writer *journal.Writer
	record *journal.Record
	// store writes the record to the journal.
	store func(context.Context, *journal.Record) error
	// ctx ends when the part's lock is lost, and by stop.
	ctx  context.Context
	stop context.CancelCauseFunc
	run  *Run
	// steps are the operation's of this owner, offset how many steps of the region
	// come before them.
	steps  []Step
	offset int
	// begun is set once the part's steps were begun, err is why it failed.
	begun bool
	err   error
	// closed is set while the journal tells of all that was done.
	closed bool
}

// label puts a provider's name before a sentence, where a region has several.
func (p *part) label(text string) string {
	if !p.several {
		return text
	}
	return "provider " + p.name + ": " + text
}

// begunSteps are the names of the part's steps that this run began to apply.
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

// index is the place of a step among those of the region, counted from 1; 0 if it is none of them.
func (p *part) index(step string) int {
	for i, s := range p.steps {
		if s.Name == step {
			return p.offset + i + 1
		}
	}
	return 0
}

// open opens the part's journal, and begins a run in it.
func (p *part) open(ctx context.Context, r *regionRun) error {
	_, name := p.names()
	writer, err := journal.Open(ctx, p.site().Access.Clientset(), name)
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
		Primary: p.source.Primary.URL(), PlanFingerprint: r.plan.Fingerprint, At: r.Clock.Now(),
	})
	switch {
	case !r.operation.LeavesLegacy:
	case p.owner == OwnerProvider:
		p.record.Remember(beforeOfProvider(p.view))
	default:
		if migrated { // a run that succeeded is what this one begins from
			p.record.Before = nil
		}
		p.record.Remember(beforeOfSatellite(p.view))
		for _, provider := range r.providers {
			p.record.Serve(provider.view.ProviderID())
		}
	}
	return nil
}

// site is where the part is, with its lock and its journal.
func (p *part) site() snapshot.Site {
	if p.owner == OwnerSatellite {
		return p.source.SatelliteSite
	}
	return p.source.ProviderSite
}

// names are those of its lock and its journal there.
func (p *part) names() (lease, journal types.NamespacedName) {
	if p.owner == OwnerSatellite {
		return p.source.SatelliteLock(), p.source.SatelliteJournal()
	}
	return p.source.ProviderLock(p.view), p.source.ProviderJournal(p.view)
}

// save writes the record to the journal; the end of ctx does not tear it.
func (p *part) save(ctx context.Context) error {
	commit, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := p.store(commit, p.record); err != nil {
		return fmt.Errorf("the journal could not be written: %w", err)
	}
	return nil
}
