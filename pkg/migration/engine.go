package migration

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// apply applies the operation's steps, phase by phase. If the satellite fails, nothing after it starts. If a provider fails,
// the other providers still start, unless the failure concerns what they share.
func (r *regionRun) apply(ctx context.Context) {
	for _, phase := range r.operation.phases() {
		for _, p := range r.parts(phase[0].Owner) {
			if p.err != nil {
				continue
			}
			p.begun = true
			if p.owner == OwnerProvider && r.satellite != nil {
				p.Now.AdoptSatellite(r.satellite.Now)
				p.note()
			}
			failed, err := r.steps(p, phase)
			if err == nil && p.owner == OwnerSatellite {
				err = r.closeJournal(ctx, p) // what it says of the registration must not wait for the providers
			}
			if err == nil {
				continue
			}
			p.err = r.settle(p, failed, err)
			ended := ctx.Err() != nil || r.satellite != nil && r.satellite.ctx.Err() != nil // by a signal, a timeout, or a lost lock
			if p.owner == OwnerSatellite || ended || proves(phase, failed) {
				r.keepOut(fmt.Errorf("not started because of an earlier failure: %s", p.label(cmp.Or(failed, "the run ended"))))
			}
		}
		if r.err() != nil { // what follows takes all of it to be done
			return
		}
	}
}

// proves reports whether the step proves the new path. Its failure concerns the satellite, which other providers would use.
func proves(steps []Step, name string) bool {
	return slices.ContainsFunc(steps, func(step Step) bool { return step.Name == name && step.ProvesNewPath })
}

// keepOut prevents providers from starting that have not begun.
func (r *regionRun) keepOut(why error) {
	for _, p := range r.providers {
		if !p.begun && p.err == nil {
			p.err = &notStartedError{why}
		}
	}
}

type notStartedError struct{ error }

// steps applies steps to a part and reports them. The error is what ended it early; failed is the step that failed, if any.
func (r *regionRun) steps(p *part, steps []Step) (failed string, err error) {
	for _, step := range steps {
		if err := context.Cause(p.ctx); err != nil { // between two steps nothing is in progress
			return "", err
		}
		result := v1alpha1.StepResult{Name: step.Name, Provider: p.name, Started: metav1.NewTime(r.Clock.Now())}
		err := r.step(p, step, &result)
		if err != nil {
			result.Error = err.Error()
		}
		r.finish(p, result)
		if err != nil {
			return step.Name, fmt.Errorf("%s: %w", step.Name, err)
		}
	}
	return "", nil
}

// step applies one step unless it is already done, and fills in the result.
func (r *regionRun) step(p *part, step Step, result *v1alpha1.StepResult) error {
	p.Refresh(p.ctx, step.Reads...)
	decision := step.Decide(p.Now)
	switch decision.Action {
	case v1alpha1.ActionNone:
		result.State, result.Message = v1alpha1.StepAlready, decision.Reason
		return nil
	case v1alpha1.ActionBlocked:
		result.State = v1alpha1.StepFailed
		if err := context.Cause(p.ctx); err != nil {
			return err // the facts are missing because the run has ended
		}
		return errors.New(decision.Reason)
	}

	result.State, result.Message = v1alpha1.StepRunning, decision.Reason
	p.record.Begin(*result)
	if step.Note != nil {
		step.Note(p.Now, p.record)
	}
	if err := p.save(p.ctx); err != nil {
		result.State = v1alpha1.StepInterrupted
		return err
	}
	r.emit(p, *result) // now that its Event has a journal to refer to
	defer r.noticeable(p, step)()

	stepCtx, cancel := withTimeout(p.ctx, step.Name, r.Options.StepTimeout, "--step-timeout")
	defer cancel()
	err := because(stepCtx, step.Apply(stepCtx, &p.Run))
	if err == nil {
		decision, err = decideAgain(p, step)
	}
	switch {
	case err == nil:
		result.State, result.Message = v1alpha1.StepDone, decision.Reason
	case errors.Is(err, ErrInterrupted), lockLost(err), is[*journal.ConflictError](err):
		result.State = v1alpha1.StepInterrupted
	default:
		result.State = v1alpha1.StepFailed
	}
	return err
}

// decideAgain verifies a step that was applied, even if the run is about to end.
func decideAgain(p *part, step Step) (Decision, error) {
	commit, cancel := p.Commit(p.ctx)
	defer cancel()
	p.Refresh(commit, step.Reads...)
	decision := step.Decide(p.Now)
	if decision.Action == v1alpha1.ActionChange && step.Forced {
		return already("continued because of --force, although this is not done: %s", decision.Reason), nil
	}
	if decision.Action != v1alpha1.ActionNone {
		return decision, fmt.Errorf("the change was made but could not be verified: %s", decision.Reason)
	}
	return decision, nil
}

// close closes the journals with how the run ended for each part, and reports how
// it left them.
func (r *regionRun) close(ctx context.Context) {
	parts := slices.DeleteFunc(r.all(), func(p *part) bool { return p.Initial == nil })
	looking, cancel := context.WithTimeout(context.WithoutCancel(ctx), signalTimeout)
	defer cancel()
	var group sync.WaitGroup
	for _, p := range parts {
		if p.err != nil { // what succeeded has just been read
			group.Go(func() { p.Refresh(looking, ruleItems()...) })
		}
	}
	group.Wait()
	for _, p := range parts {
		if p.closed || !p.begun {
			continue // nothing was done to it, perhaps because of a failure before its turn
		}
		if err := r.closeJournal(ctx, p); err != nil && p.err == nil {
			p.err = err
		}
	}
	r.reportStates()
}

func (r *regionRun) closeJournal(ctx context.Context, p *part) error {
	done := r.operation.DoneProvider
	if p.owner == OwnerSatellite {
		done = r.operation.DoneSatellite
	}
	if p.err == nil && done != nil {
		done(p.record)
	}
	p.record.Finish(outcomeOf(p.err), r.Clock.Now())
	p.closed = true
	return p.save(ctx)
}
