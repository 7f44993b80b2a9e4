package migration

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// engine applies an operation's steps to one region whose lock is held.
type engine struct {
	operation Operation
	run       *Run
	// store writes the run's record to the journal.
	store func(context.Context, *journal.Record) error
	// emit tells the cluster and the operator that a step changed its state.
	emit func(result v1alpha1.StepResult)
	// settle makes the rule hold again after the named step failed, or none, and
	// returns the cause, with what has to be said before it.
	settle func(ctx context.Context, failed string, cause error) error

	report *v1alpha1.RegionReport
}

// apply carries the operation out. What happened is in the report; the error
// is what ended the run early, or nil.
func (e *engine) apply(ctx context.Context) error {
	for _, step := range e.operation.Steps {
		if err := context.Cause(ctx); err != nil { // between two steps nothing is in progress
			return e.settle(ctx, "", err)
		}
		result := v1alpha1.StepResult{Name: step.Name, Started: metav1.NewTime(e.run.Clock.Now())}
		err := e.step(ctx, step, &result)
		if err != nil {
			result.Error = err.Error()
		}
		e.finish(result)
		if err != nil {
			return e.settle(ctx, step.Name, fmt.Errorf("%s: %w", step.Name, err))
		}
	}
	return nil
}

// step applies one step, unless it is done, and fills in how.
func (e *engine) step(ctx context.Context, step Step, result *v1alpha1.StepResult) error {
	e.run.Refresh(ctx, step.Reads...)
	decision := step.Decide(e.run.Now)
	switch decision.Action {
	case v1alpha1.ActionNone:
		result.State, result.Message = v1alpha1.StepAlready, decision.Reason
		return nil
	case v1alpha1.ActionBlocked:
		result.State = v1alpha1.StepFailed
		if err := context.Cause(ctx); err != nil {
			return err // it was the end of the run that kept the facts away
		}
		return errors.New(decision.Reason)
	}

	result.State, result.Message = v1alpha1.StepRunning, decision.Reason
	e.run.Record.Begin(*result)
	if step.Note != nil {
		step.Note(e.run.Now, e.run.Record)
	}
	if err := e.save(ctx); err != nil {
		result.State = v1alpha1.StepInterrupted
		return err
	}
	e.emit(*result) // now that there is a journal for its Event to be about

	stepCtx, cancel := withTimeout(ctx, step.Name, e.run.Options.StepTimeout, "--step-timeout")
	defer cancel()
	err := because(stepCtx, step.Apply(stepCtx, e.run))
	if err == nil {
		decision, err = e.verify(ctx, step)
	}
	switch {
	case err == nil:
		result.State, result.Message = v1alpha1.StepDone, decision.Reason
	case errors.Is(err, ErrInterrupted), lockLost(err), conflicts(err):
		result.State = v1alpha1.StepInterrupted
	default:
		result.State = v1alpha1.StepFailed
	}
	return err
}

// verify reads and decides again after a step was applied, even if the run is
// to end: what was just done is not left unexamined.
func (e *engine) verify(ctx context.Context, step Step) (Decision, error) {
	commit, cancel := e.run.Commit(ctx)
	defer cancel()
	e.run.Refresh(commit, step.Reads...)
	decision := step.Decide(e.run.Now)
	if decision.Action != v1alpha1.ActionNone {
		return decision, fmt.Errorf("it was done, but could not be verified: %s", decision.Reason)
	}
	return decision, nil
}

// finish puts a result into the report and into the record, which is written
// with the next step's beginning or at the run's end.
func (e *engine) finish(result v1alpha1.StepResult) {
	result.Finished = metav1.NewTime(e.run.Clock.Now())
	e.report.Steps = append(e.report.Steps, result)
	e.run.Record.End(result)
	e.emit(result)
}

// save writes the record to the journal; the end of ctx does not tear it.
func (e *engine) save(ctx context.Context) error {
	commit, cancel := e.run.Commit(ctx)
	defer cancel()
	if err := e.store(commit, e.run.Record); err != nil {
		return fmt.Errorf("the journal could not be written: %w", err)
	}
	return nil
}
