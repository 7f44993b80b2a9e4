package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// undoTimeout bounds all undoing after a failure. It does not count against
// the region's own time, which may be what ran out.
const undoTimeout = 10 * time.Minute

// fail keeps evidence and then takes back what must not stay after the step
// with the given index failed. It undoes nothing when the run was interrupted,
// because the rule holds at every instant and the next run goes on, nor when
// another run may own the region.
func (e *engine) fail(ctx context.Context, index int, err error) {
	if errors.Is(err, ErrInterrupted) || ownerGone(err) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()

	where, evidenceErr := e.evidence(ctx)
	e.report.Evidence = where
	if evidenceErr != nil {
		e.report.Left = append(e.report.Left, fmt.Sprintf("evidence could not be kept: %v", evidenceErr))
	}
	if e.run.Options.NoRollback {
		e.report.Left = append(e.report.Left, "nothing was undone, as --no-rollback asks")
		return
	}
	undone := undoOrder(e.operation, index, e.attempted(), dependedOn(e.run.Initial))
	for _, step := range undone {
		if undoErr := e.undo(ctx, step); ownerGone(undoErr) {
			return
		}
	}
	if kept := e.kept(undone); len(kept) > 0 {
		e.report.Left = append(e.report.Left, fmt.Sprintf("done, and kept for the next run: %s", strings.Join(kept, ", ")))
	}
}

// kept are the names of the steps that this run has done and not taken back.
func (e *engine) kept(undone []Step) []string {
	var names []string
	for _, result := range e.report.Steps {
		isUndone := slices.ContainsFunc(undone, func(s Step) bool { return s.Name() == result.Name })
		if result.State == v1alpha1.StepDone && !isUndone {
			names = append(names, result.Name)
		}
	}
	return names
}

// attempted are the names of the steps that this run tried to apply.
func (e *engine) attempted() []string {
	var names []string
	for _, result := range e.report.Steps {
		if result.State == v1alpha1.StepDone || result.State == v1alpha1.StepFailed {
			names = append(names, result.Name)
		}
	}
	return names
}

// dependedOn tells whether users depended on the satellite's release as it was.
func dependedOn(s *snapshot.Snapshot) bool {
	return s.Satellite.Value().Revision > 0 && inUse(s) != nil
}

// undoOrder returns the steps to undo after the step with the given index
// failed, in the order in which to undo them: last first, but a canary is
// rebuilt at the very end, when the path that it is rebuilt on is in use again.
// Steps that the operation keeps stay, but for the failed one, and for a change
// of the satellite's release that users depended on before this run.
func undoOrder(operation Operation, index int, attempted []string, inUse bool) []Step {
	var order, last []Step
	for i := index; i >= 0; i-- {
		step := operation.Steps[i]
		_, installs := step.(installSatellite)
		inHarm := i == index || i >= operation.KeepOnFailure || installs && inUse
		if !inHarm {
			continue
		}
		if !slices.Contains(attempted, step.Name()) && !operation.undoesEarlierRuns(step) {
			continue
		}
		if _, ok := step.(rebuildCanary); ok {
			last = append(last, step)
			continue
		}
		order = append(order, step)
	}
	return append(order, last...)
}

// undoesEarlierRuns reports whether a step is undone although this run found
// it done: the switch, because an earlier, interrupted run of the same
// migration may have made it. Its undo asks the journal.
func (Operation) undoesEarlierRuns(step Step) bool {
	_, ok := step.(enableNetworkingV2)
	return ok
}

// undo takes one step back and reports it, whether that works or not.
func (e *engine) undo(ctx context.Context, step Step) error {
	result := v1alpha1.StepResult{Name: step.Name(), Started: metav1.NewTime(e.run.Clock.Now())}
	message, err := step.Undo(ctx, e.run)
	if err != nil {
		result.State, result.Error = v1alpha1.StepUndoFailed, err.Error()
		e.report.Left = append(e.report.Left, fmt.Sprintf("%s could not be undone: %v", step.Name(), err))
	} else {
		result.State, result.Message = v1alpha1.StepUndone, message
	}
	e.finish(result)
	return err
}
