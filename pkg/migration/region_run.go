package migration

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/measure"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// regionRun is one run on one region.
type regionRun struct {
	*Runner
	operation Operation // the runner's, as it applies to the region
	plan      v1alpha1.RegionPlan
	report    *v1alpha1.RegionReport
	satellite *part          // nil if the operation has no steps of it
	providers []*part        // that may change, in the fleet's order
	total     int            // of steps
	watch     *measure.Watch // nil if nothing is measured
	stopped   time.Time      // the last sign of the earlier run that the report mentions
	// settle makes the rule hold again after a step failed, or none. It returns the cause, extended by what is more urgent.
	settle func(p *part, failed string, cause error) error
	tell   func(*part, v1alpha1.StepResult) // records a result in the part's cluster
}

// begin returns a run on the parts that may change according to the plan.
func (r *Runner) begin(plan v1alpha1.RegionPlan, report *v1alpha1.RegionReport) *regionRun {
	run := &regionRun{Runner: r, operation: r.Operation.in(r.Region.Region), plan: plan, report: report}
	run.settle, run.tell = run.settlePart, run.event
	ofSatellite, ofProvider := run.operation.of(OwnerSatellite), run.operation.of(OwnerProvider)
	if len(ofSatellite) > 0 {
		run.satellite = run.with(&part{owner: OwnerSatellite, steps: ofSatellite}, r.Region.Sources[0])
	}
	for i, provider := range plan.Providers {
		if provider.Outcome == v1alpha1.OutcomePreflightFailed && plan.Outcome != v1alpha1.OutcomePreflightFailed {
			report.Providers[i].Outcome, report.Providers[i].Error = provider.Outcome, "preflight failed, nothing was changed"
			continue
		}
		run.providers = append(run.providers, run.with(&part{
			owner: OwnerProvider, name: provider.Name, several: len(plan.Providers) > 1,
			plan: provider, report: &report.Providers[i], steps: ofProvider,
		}, r.Region.Sources[i]))
	}
	for _, phase := range run.operation.phases() {
		for _, p := range run.parts(phase[0].Owner) {
			p.offset = run.total
			run.total += len(p.steps)
		}
	}
	return run
}

// with gives the part what its steps need before they begin.
func (r *regionRun) with(p *part, source *snapshot.Source) *part {
	p.Run = Run{Runner: r.Runner, Source: source, Unfenced: r.Region.Sources[0].Primary, progress: func(message string, attention bool) {
		r.progress(p, p.record.Step, v1alpha1.StepRunning, message, attention)
	}}
	return p
}

func (r *regionRun) parts(owner Owner) []*part {
	if owner == OwnerProvider {
		return r.providers
	}
	if r.satellite == nil {
		return nil
	}
	return []*part{r.satellite}
}

// all returns the parts, the satellite first.
func (r *regionRun) all() []*part { return append(r.parts(OwnerSatellite), r.providers...) }

// allLocked returns the parts that steps may be applied to.
func (r *regionRun) allLocked() []*part {
	return slices.DeleteFunc(r.all(), func(p *part) bool { return p.held == nil || p.err != nil })
}

// locked takes the locks, makes sure that the plan still holds, and applies the steps. The error is why it did not begin.
func (r *regionRun) locked(ctx context.Context) error {
	defer r.giveUp(ctx)
	if err := r.takeLocks(ctx); err != nil {
		return err
	}
	if err := r.examine(ctx); err != nil {
		return err
	}
	for _, p := range r.allLocked() {
		p.err = p.open(ctx, r)
	}
	if err := r.nobodyLeft(); err != nil {
		return err
	}
	r.measure(ctx)
	r.apply(ctx)
	r.measured()
	r.close(ctx)
	r.gate()
	return nil
}

// nobodyLeft returns an error if the satellite, or every provider, cannot be changed.
func (r *regionRun) nobodyLeft() error {
	left := slices.ContainsFunc(r.providers, func(p *part) bool { return p.err == nil })
	if left && (r.satellite == nil || r.satellite.err == nil) {
		return nil
	}
	return r.err()
}

// examine reads the region again and refuses parts that differ from the plan.
func (r *regionRun) examine(ctx context.Context) error {
	region := &snapshot.Region{Region: r.Region.Region}
	working := slices.DeleteFunc(slices.Clone(r.providers), func(p *part) bool { return p.err != nil })
	for _, p := range working {
		region.Sources = append(region.Sources, p.Source)
	}
	items := slices.Concat(r.operation.Items, []snapshot.Item{snapshot.ItemResources})
	views := region.Collect(ctx, snapshot.ItemProvider)
	region.Refresh(ctx, views, snapshot.ItemProvider) // the facts that the fleet shares may be older than the lock
	region.Refresh(ctx, views, slices.DeleteFunc(items, func(i snapshot.Item) bool { return i == snapshot.ItemProvider })...)
	if r.satellite != nil {
		region.Refresh(ctx, views, snapshot.ItemUsers)
	}
	r.operation.askRights(ctx, region.Sources, views)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	for i, p := range working {
		p.Now = views[i]
	}
	if r.satellite != nil {
		r.satellite.Now = new(*views[0])
	}
	return r.compare(NewRegionPlan(r.operation, views), working)
}

// compare refuses parts whose present plan differs.
func (r *regionRun) compare(again v1alpha1.RegionPlan, working []*part) error {
	if again.Outcome == v1alpha1.OutcomePreflightFailed {
		r.report.Preflight = again.Preflight
		return changedError{"a preflight check fails now"}
	}
	if r.plan.Satellite != nil && again.Satellite != nil {
		if differences := Differences(r.plan.Satellite.Basis, again.Satellite.Basis); len(differences) > 0 {
			return changedError(differences)
		}
	}
	for i, p := range working {
		differences := Differences(p.plan.Basis, again.Providers[i].Basis)
		if again.Providers[i].Outcome == v1alpha1.OutcomePreflightFailed {
			differences = []string{"a preflight check fails now"}
			r.report.Preflight = again.Preflight
		}
		if len(differences) > 0 {
			p.err = changedError(differences)
		}
	}
	r.plan.Fingerprint = again.Fingerprint
	return r.nobodyLeft()
}

// finish adds a step's result to the report and the part's record, and announces it.
func (r *regionRun) finish(p *part, result v1alpha1.StepResult) {
	result.Provider, result.Finished = p.name, metav1.NewTime(r.Clock.Now())
	r.report.Steps = append(r.report.Steps, result)
	p.record.End(result)
	p.closed = false
	r.emit(p, result)
}

// emit announces a step's state to the operator and the cluster.
func (r *regionRun) emit(p *part, result v1alpha1.StepResult) {
	r.progress(p, result.Name, result.State, cmp.Or(result.Error, result.Message), false)
	if result.State != v1alpha1.StepAlready {
		r.tell(p, result)
	}
}

// event records a result as an Event beside the part's journal. Events only inform people, so errors are dropped.
func (r *regionRun) event(p *part, result v1alpha1.StepResult) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), commitTimeout)
	defer cancel()
	at := metav1.NewTime(r.Clock.Now())
	_, name := p.names()
	_ = journal.Emit(ctx, p.site().Clientset(), name, p.writer.UID(), r.operation.Name, result, at)
}

func (r *regionRun) progress(p *part, step string, state v1alpha1.StepState, message string, attention bool) {
	progress := v1alpha1.Progress{
		Time: metav1.NewTime(r.Clock.Now()), Region: r.Region.Region.Name, Step: step, State: state,
		Index: p.index(step), Total: r.total, Message: message, Attention: attention,
	}
	if p.several {
		progress.Provider = p.name
	}
	r.Report(progress)
}

// beforeOfSatellite returns the state of the satellite to return to, for its journal.
func beforeOfSatellite(s *snapshot.Snapshot) journal.Before {
	found := journal.Before{SatelliteRevision: s.Satellite.Value().Revision}
	if state, known := s.Satellite.Get(); known && !state.Control.Owner.Exists() { // another's first record is not the migration's
		found.SatelliteRecords = new(state.LastRevision)
	}
	own, _ := s.Registration()
	found.RegistrationID = own.ID
	return found
}

// beforeOfProvider returns the state of Networking v2 to return to, for the provider's journal.
func beforeOfProvider(s *snapshot.Snapshot) journal.Before {
	var found journal.Before
	switch s.Networking() {
	case v1alpha1.NetworkingV2On:
		if _, registered := s.Registration(); !registered && s.Registrations.IsKnown() && s.Satellite.IsKnown() {
			found.NetworkingV2 = new(true)
		} // otherwise a migration whose journal is lost may have switched it on
	case v1alpha1.NetworkingV2Off:
		found.NetworkingV2 = new(false)
	}
	return found
}

// resumed describes where an earlier run stopped; "" if none did.
func resumed(record *journal.Record) string {
	if record.Operation == "" || record.Outcome == v1alpha1.OutcomeSucceeded {
		return ""
	}
	how := "ended " + string(record.Outcome)
	if record.Outcome == "" {
		how = "stopped without recording a result"
	}
	at := record.Updated.UTC().Format("2006-01-02 15:04:05 MST")
	return fmt.Sprintf("an earlier %s by %s %s at step %s (%s)", record.Operation, record.Operator, how, record.Step, at)
}
