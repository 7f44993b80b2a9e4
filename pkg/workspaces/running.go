package workspaces

import (
	"context"
	"fmt"
	"sync/atomic"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

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
