package migration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Runner runs one operation on one region.
type Runner struct {
	Operation Operation
	Region    *snapshot.Region
	Operator  string // for the journal and the lock: an e-mail address
	Options   Options
	Clock     clock.WithTicker
	Report    func(v1alpha1.Progress) // receives progress, from several regions at once
}

// Plan returns what the operation would do, given its items in the views. If something would change, it also asks which
// rights are missing and renders the satellite's chart. diff includes the changes of its manifest.
func (o Operation) Plan(ctx context.Context, region *snapshot.Region, views []*snapshot.Snapshot, diff bool) v1alpha1.RegionPlan {
	o.diff = diff
	plan := NewRegionPlan(o, views)
	if plan.Outcome == v1alpha1.OutcomeNothingToDo {
		return plan
	}
	region.Refresh(ctx, views, snapshot.ItemResources)
	o.askRights(ctx, region.Sources, views)
	shown := func(step Step) bool { return step.Show != nil && step.Decide(views[0]).Action == v1alpha1.ActionChange }
	if plan.Outcome != v1alpha1.OutcomePreflightFailed && slices.ContainsFunc(o.in(region.Region).Steps, shown) {
		region.Refresh(ctx, views, snapshot.ItemRendering)
	}
	return NewRegionPlan(o, views)
}

// askRights asks every cluster of the region, in parallel, for the rights that the operation needs there.
func (o Operation) askRights(ctx context.Context, sources []*snapshot.Source, views []*snapshot.Snapshot) {
	var group sync.WaitGroup
	first := sources[0]
	if site := first.SatelliteSite; site != nil {
		needed := o.rights(OwnerSatellite, views[0].Scope(site.Driver()))
		group.Go(func() { views[0].MissingRights = snapshot.MissingRights(ctx, first.SatelliteSite, needed) })
	}
	for i, source := range sources {
		needed := o.rights(OwnerProvider, views[i].Scope(source.ProviderSite.Driver()))
		group.Go(func() { views[i].MissingProviderRights = snapshot.MissingRights(ctx, source.ProviderSite, needed) })
	}
	group.Wait()
	for _, view := range views[1:] {
		view.MissingRights = views[0].MissingRights
	}
}

// Run carries the plan out and reports the result. Its context's cause says why it ended; after ErrInterrupted, the next run
// continues.
func (r *Runner) Run(ctx context.Context, plan v1alpha1.RegionPlan) v1alpha1.RegionReport {
	switch plan.Outcome {
	case v1alpha1.OutcomeUnreachable:
		return r.NotStarted(plan, "")
	case v1alpha1.OutcomeNothingToDo:
		report := newReport(plan, plan.Outcome, "")
		for _, step := range plan.Steps {
			report.Steps = append(report.Steps, v1alpha1.StepResult{
				Name: step.Name, Provider: step.Provider, State: v1alpha1.StepAlready, Message: step.Reason,
			})
		}
		return report
	}
	report := newReport(plan, v1alpha1.OutcomeNotStarted, "")
	ctx, cancel := withTimeout(ctx, "the region", r.Options.Timeout, "--timeout")
	defer cancel()
	run := r.begin(plan, &report)
	err := run.locked(ctx)
	run.conclude(err)
	report.Next = next(r.Operation, r.Region.Region, report)
	if is[*stillOnError](run.err()) {
		report.Next = r.Region.Region.Command("rollback")
	}
	if run.onlyGaps() {
		report.Next = r.Region.Region.Command("status")
	}
	return report
}

// NotStarted reports a region that is left alone: because of its plan's preflight, because it is left out, or for the reason.
func (r *Runner) NotStarted(plan v1alpha1.RegionPlan, reason string) v1alpha1.RegionReport {
	outcome := v1alpha1.OutcomeNotStarted
	switch plan.Outcome {
	case v1alpha1.OutcomePreflightFailed:
		outcome, reason = plan.Outcome, "preflight failed, nothing was changed"
	case v1alpha1.OutcomeUnreachable:
		outcome, reason = plan.Outcome, plan.Steps[0].Reason
	}
	report := newReport(plan, outcome, reason)
	report.Next = next(r.Operation, r.Region.Region, report)
	return report
}

// newReport returns the report of a region in which nothing was done for that reason.
func newReport(plan v1alpha1.RegionPlan, outcome v1alpha1.Outcome, reason string) v1alpha1.RegionReport {
	report := v1alpha1.RegionReport{Name: plan.Name, Preflight: plan.Preflight, Steps: []v1alpha1.StepResult{}}
	report.Outcome, report.Error = outcome, reason
	if plan.Satellite != nil {
		report.Satellite = &v1alpha1.SatelliteReport{Context: plan.Satellite.Context}
	}
	for _, provider := range plan.Providers {
		report.Providers = append(report.Providers, v1alpha1.ProviderReport{
			Provider: provider.Provider, Context: provider.Context, Outcome: outcome, Error: reason,
		})
	}
	return report
}

type changedError []string

func (e changedError) Error() string {
	return fmt.Sprintf("the region changed since it was planned, nothing was changed: %s; plan again", strings.Join(e, "; "))
}

// Options are the operator's choices about a run.
type Options struct {
	Timeout      time.Duration // of one region; 0 means no bound
	StepTimeout  time.Duration // of one step; 0 means no bound
	LockDuration time.Duration // how long a lock outlives its holder's last sign of life
	NoRollback   bool          // do not undo a failed step or the switch
	EvidenceDir  string        // for evidence of failures, one folder per region and run; empty for none
	Host         string        // the machine it runs on, for the lock
	Measure      bool          // measure what users experience during the run
	MaxGap       time.Duration // the longest acceptable time without an answer; 0 for no limit
	RunID        string        // identifies the run
	Reason       string        // for verbs that require a reason
}
