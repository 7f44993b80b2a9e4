package workspaces

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Rebuild rebuilds the workspaces of a fleet that wait for it. It keeps no state: the workspaces show what is done, so a new
// run continues where a killed one stopped. It takes no lock, which would block a rollback; instead it checks before each
// build that the region has not changed.
type Rebuild struct {
	Rules
	MaxParallel  int           // how many are built at once; at least 1
	MaxFailures  int           // how many may fail before no further one is started
	Until        time.Time     // when to stop starting builds, by the operator's clock; zero for never
	BuildTimeout time.Duration // of one build
	Cordon       bool          // keep new workspaces off a provider from its first build to its last
	Reason       string        // why workspaces in use are rebuilt; empty if none is
	Clock        clock.WithTicker
	Ahead        time.Duration           // how far the primary's clock is ahead of Clock; negative if it is behind
	Report       func(v1alpha1.Progress) // receives progress, from several builds at once
}

type job struct {
	provider *provider
	choice   Choice
}

// Plan returns what Run would do at that time, by the primary's clock: ChangesPending if workspaces need a rebuild.
func (r *Rebuild) Plan(f *Fleet, now time.Time) *v1alpha1.WorkspaceReport {
	report, _ := r.plan(f, now)
	return report
}

// plan returns the plan, and the jobs in the order of the plan's workspaces.
func (r *Rebuild) plan(f *Fleet, now time.Time) (*v1alpha1.WorkspaceReport, []job) {
	var jobs []job
	for _, p := range f.providers {
		for _, w := range p.list {
			jobs = append(jobs, job{p, p.judge(r.Rules, w, now)})
		}
	}
	slices.SortStableFunc(jobs, func(a, b job) int { return gentlest(a.choice, b.choice) })
	report := f.report("rebuild")
	report.Reason = r.Reason
	for _, j := range jobs {
		entry := f.entry(j.provider, j.choice.Workspace)
		entry.Rebuild, entry.Reason = v1alpha1.RebuildLeft, j.choice.Reason
		if j.choice.Rebuild {
			entry.Rebuild, report.Outcome = v1alpha1.RebuildPlanned, v1alpha1.OutcomeChangesPending
		}
		report.Workspaces = append(report.Workspaces, entry)
	}
	if report.Outcome == v1alpha1.OutcomeSucceeded {
		report.Outcome = v1alpha1.OutcomeNothingToDo
	}
	return report, jobs
}

// Run does what Plan returns for the same time, first the workspaces that nobody uses, and rebuilds no others. Once ctx has
// ended it starts no more builds and waits for those in progress. A workspace that is in use by its turn is left alone.
func (r *Rebuild) Run(ctx context.Context, f *Fleet, now time.Time) *v1alpha1.WorkspaceReport {
	report, jobs := r.plan(f, now)
	run := &running{Rebuild: r, fleet: f, gates: map[*provider]*gate{}}
	for _, p := range f.providers {
		run.gates[p] = newGate(ctx, p, f.api, r.Cordon)
	}
	for _, j := range jobs {
		if j.choice.Rebuild {
			run.gates[j.provider].left.Add(1)
			run.total++
		}
	}
	var group errgroup.Group
	group.SetLimit(max(r.MaxParallel, 1))
	for i, j := range jobs {
		if j.choice.Rebuild {
			group.Go(func() error {
				entry := &report.Workspaces[i]
				entry.Rebuild, entry.Reason = run.one(ctx, j, entry)
				return nil
			})
		}
	}
	_ = group.Wait() // each job reports its own error
	failed := f.unknown() > 0
	for i, p := range f.providers {
		if err := run.gates[p].lift(); err != nil {
			report.Providers[i].Message, failed = err.Error(), true
		}
	}
	f.recount(context.WithoutCancel(ctx), report)
	report.Outcome = ended(ctx, report, failed)
	return report
}

// ended returns the outcome of a run; failed is set if something other than a build failed.
func ended(ctx context.Context, report *v1alpha1.WorkspaceReport, failed bool) v1alpha1.Outcome {
	counts := map[v1alpha1.RebuildState]int{}
	for _, w := range report.Workspaces {
		counts[w.Rebuild]++
	}
	failed = failed || counts[v1alpha1.RebuildFailed] > 0
	switch {
	case ctx.Err() != nil && counts[v1alpha1.RebuildNotStarted] > 0:
		return v1alpha1.OutcomeInterrupted
	case failed && counts[v1alpha1.RebuildDone] > 0:
		return v1alpha1.OutcomePartlyFailed
	case failed:
		return v1alpha1.OutcomeFailed
	case counts[v1alpha1.RebuildDone] == 0:
		return v1alpha1.OutcomeNothingToDo
	}
	return v1alpha1.OutcomeSucceeded
}

type running struct {
	*Rebuild
	fleet         *Fleet
	gates         map[*provider]*gate
	total         int
	begun, failed atomic.Int32
}

func (run *running) one(ctx context.Context, j job, entry *v1alpha1.Workspace) (state v1alpha1.RebuildState, reason string) {
	gate := run.gates[j.provider]
	defer gate.done()
	if reason := run.stopped(ctx); reason != "" {
		return v1alpha1.RebuildNotStarted, reason
	}
	index := int(run.begun.Add(1))
	tell := func(state v1alpha1.StepState, message string) {
		run.Report(v1alpha1.Progress{
			Time: metav1.NewTime(run.Clock.Now()), Region: entry.Region, Provider: entry.Provider,
			Step: entry.Name + " of " + entry.Owner, State: state, Index: index, Total: run.total, Message: message,
		})
	}
	// Nothing but the timeout interrupts a build that has started.
	slow := fmt.Errorf("it took longer than --build-timeout (%s)", run.BuildTimeout)
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), run.BuildTimeout, slow)
	defer cancel()
	left, err := run.rebuild(ctx, j, gate, tell)
	switch {
	case err != nil:
		run.failed.Add(1)
		tell(v1alpha1.StepFailed, err.Error())
		return v1alpha1.RebuildFailed, err.Error()
	case left != "":
		tell(v1alpha1.StepAlready, "left alone: "+left)
		return v1alpha1.RebuildLeft, left
	}
	tell(v1alpha1.StepDone, "rebuilt")
	return v1alpha1.RebuildDone, ""
}

func (run *running) stopped(ctx context.Context) string {
	switch failed := int(run.failed.Load()); {
	case ctx.Err() != nil:
		return context.Cause(ctx).Error()
	case failed > run.MaxFailures:
		return fmt.Sprintf("%d failed before", failed)
	case !run.Until.IsZero() && !run.Clock.Now().Before(run.Until):
		return "it is past " + run.Until.Format("15:04")
	}
	return ""
}

// rebuild rebuilds the workspace, or returns why it is left alone after all.
func (run *running) rebuild(ctx context.Context, j job, gate *gate, tell func(v1alpha1.StepState, string)) (left string, err error) {
	if err := gate.open(ctx); err != nil {
		return "", fmt.Errorf("not started: %w", err)
	}
	w, err := run.fleet.api.Workspace(ctx, j.choice.Workspace.ID)
	switch {
	case coder.IsNotFound(err):
		return "it was deleted", nil
	case err != nil:
		return "", fmt.Errorf("not started: %w", err)
	}
	if choice := run.Judge(w, j.provider.since, run.Clock.Now().Add(run.Ahead)); !choice.Rebuild {
		return choice.Reason, nil
	}
	if err := gate.cordon(ctx); err != nil {
		return "", fmt.Errorf("not started: %w", err)
	}
	builder := Builder{API: run.fleet.api, Clock: run.Clock, Progress: func(format string, args ...any) {
		tell(v1alpha1.StepRunning, fmt.Sprintf(format, args...))
	}}
	tell(v1alpha1.StepRunning, "rebuilding")
	return "", builder.Rebuild(ctx, w)
}
