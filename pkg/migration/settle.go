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

// Times for what happens after a failure. They do not count against the
// region's own time, which may be what ran out.
const (
	switchTimeout   = 2 * time.Minute  // switching Networking v2 off
	signalTimeout   = 20 * time.Second // the same after a signal, when somebody waits
	holderTimeout   = 5 * time.Second  // asking who has the lock
	evidenceTimeout = 30 * time.Second // keeping evidence
	settleTimeout   = 10 * time.Minute // everything else
)

// leftForLost is what a run says that lost its lock before it had reverted all.
const leftForLost = "the lock is lost, so that nothing else was reverted: the next run continues from here"

// settler makes the rule hold again after a run ended early.
type settler struct {
	run    *Run
	steps  []Step // the operation's
	report *v1alpha1.RegionReport
	// read reads items afresh; do carries a remedy out, and returns a sentence that says the result.
	read func(ctx context.Context, items ...snapshot.Item)
	do   func(ctx context.Context, r remedy) (string, error)
	// holds asks whether the lock is still this run's, and if not, who has it.
	holds func(context.Context) error
	// finish puts the result of a remedy into the report and the record.
	finish func(v1alpha1.StepResult)
	// evidence keeps what can be seen now, and returns where.
	evidence func(context.Context) (string, error)
}

// settle asks what to do about the failure of a step (empty if none failed),
// and does it: the switch first, then evidence, then the rest. It returns the
// cause, or a *stillOnError if Networking v2 could not be switched off. A signal
// leaves everything but a broken path to the next run. A run that lost its lock
// may only switch off; if another run holds the lock, not even that.
func (s *settler) settle(ctx context.Context, failed string, cause error) error {
	ctx = context.WithoutCancel(ctx)
	interrupted, lost := errors.Is(cause, ErrInterrupted), lockLost(cause)
	if lost && !ownedByAnother(cause) {
		cause = s.withHolder(ctx, cause)
	}
	switch {
	case ownedByAnother(cause):
		s.left("another run owns the region now and decides what becomes of it: nothing was reverted")
		return cause
	case s.run.Options.NoRollback:
		if !interrupted && !lost {
			s.keepEvidence(ctx)
		}
		s.left("nothing was undone, as --no-rollback asks")
		return cause
	case interrupted:
		failed = ""
	}
	stillOn := s.settleSwitch(ctx, failed)
	if !interrupted && !lost {
		s.keepEvidence(ctx)
		s.settleRest(ctx, failed)
	}
	if lost {
		s.left(leftForLost)
	}
	s.leftDone()
	if stillOn != nil {
		return &stillOnError{provider: s.run.provider().Name, why: stillOn, cause: cause}
	}
	return cause
}

// withHolder adds who has taken the lock since it was lost for want of a
// renewal, if anybody has.
func (s *settler) withHolder(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, holderTimeout)
	defer cancel()
	if err := s.holds(ctx); ownedByAnother(err) {
		return fmt.Errorf("%w (before: %w)", err, cause)
	}
	return cause
}

// settleSwitch switches Networking v2 off if it must not stay on.
func (s *settler) settleSwitch(ctx context.Context, failed string) error {
	if !unfinishedSwitch(s.run.Record) {
		return nil
	}
	limit := switchTimeout
	if failed == "" {
		limit = signalTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.read(ctx, snapshot.ItemProvider)
	found := s.situation(failed)
	if !found.mayBeOn() {
		return nil
	}
	if !found.proving() {
		s.read(ctx, ruleItems()...)
	}
	todo, unknown := compensate(s.situation(failed))
	if len(todo) == 0 || todo[0].act != switchOff {
		if failed == "" { // otherwise the rest says it
			s.left(unknown...)
		}
		return nil
	}
	return s.apply(ctx, todo[0])
}

// settleRest does what is left to do once the switch is settled.
func (s *settler) settleRest(ctx context.Context, failed string) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	s.read(ctx, append(ruleItems(), snapshot.ItemCanary)...)
	todo, unknown := compensate(s.situation(failed))
	for _, r := range todo {
		if r.act == switchOff {
			continue // it was tried for as long as it may take
		}
		if err := s.apply(ctx, r); lockLost(err) {
			s.left(leftForLost)
			break
		}
	}
	s.left(unknown...)
}

func (s *settler) situation(failed string) situation {
	return situation{
		steps: s.steps, failed: failed, begun: s.begun(),
		before: s.run.Initial, now: s.run.Now, record: s.run.Record,
	}
}

// begun are the names of the steps that this run began to apply.
func (s *settler) begun() []string {
	var names []string
	for _, result := range s.report.Steps {
		switch result.State {
		case v1alpha1.StepDone, v1alpha1.StepFailed, v1alpha1.StepInterrupted:
			names = append(names, result.Name)
		}
	}
	return names
}

// apply carries one remedy out and reports it, whether that works or not.
func (s *settler) apply(ctx context.Context, r remedy) error {
	result := v1alpha1.StepResult{Name: r.step, Started: metav1.NewTime(s.run.Clock.Now())}
	message, err := s.do(ctx, r)
	if err != nil {
		result.State, result.Error = v1alpha1.StepUndoFailed, err.Error()
		s.left(fmt.Sprintf("%s could not be undone: %v", r.step, err))
	} else {
		result.State, result.Message = v1alpha1.StepUndone, message
	}
	s.finish(result)
	return err
}

// keepEvidence keeps what can be seen of the failure, in a time of its own.
func (s *settler) keepEvidence(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	where, err := s.evidence(ctx)
	s.report.Evidence = where
	if err != nil {
		s.left(fmt.Sprintf("evidence could not be kept: %v", err))
	}
}

func (s *settler) left(lines ...string) { s.report.Left = append(s.report.Left, lines...) }

// leftDone names the steps that this run has done and not reverted.
func (s *settler) leftDone() {
	var names []string
	for _, result := range s.report.Steps {
		undone := slices.ContainsFunc(s.report.Steps, func(r v1alpha1.StepResult) bool {
			return r.Name == result.Name && r.State == v1alpha1.StepUndone
		})
		if result.State == v1alpha1.StepDone && !undone {
			names = append(names, result.Name)
		}
	}
	if len(names) > 0 {
		s.left(fmt.Sprintf("done, and kept for the next run: %s", strings.Join(names, ", ")))
	}
}
