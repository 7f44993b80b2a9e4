package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
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

// settler makes the rule hold again after a part's steps ended early.
type settler struct {
	// part is where it happened.
	part *part
	// switches are the providers whose switch the failure concerns: all of the
	// region if it is the satellite's. rest are the parts with other things to revert.
	switches, rest []*part
	report         *v1alpha1.RegionReport
	// read reads items afresh; do carries a remedy out, and returns a sentence that says the result.
	read func(ctx context.Context, p *part, items ...snapshot.Item)
	do   func(ctx context.Context, p *part, r remedy) (string, error)
	// holds asks whether the locks are still this run's, and if not, who has them.
	holds func(context.Context) error
	// finish puts the result of a remedy into the report and the record.
	finish func(*part, v1alpha1.StepResult)
	// evidence keeps what can be seen now, and returns where.
	evidence func(context.Context) (string, error)

	mu sync.Mutex // held while the report is written
}

// settlePart makes the rule hold again after the part's step failed; empty if none
// did. It returns the cause, with what has to be said before it.
func (r *regionRun) settlePart(p *part, failed string, cause error) error {
	s := &settler{
		part: p, switches: []*part{p}, rest: []*part{p}, report: r.report,
		read: func(ctx context.Context, p *part, items ...snapshot.Item) { p.run.Refresh(ctx, items...) },
		do: func(ctx context.Context, p *part, todo remedy) (string, error) {
			if todo.act == switchOff {
				defer r.noticeable(p, disableNetworkingV2(nil))()
			}
			return p.run.remedy(ctx, todo)
		},
		holds: func(ctx context.Context) error {
			var found error
			for _, owner := range []*part{r.satellite, p} {
				if owner == nil || owner.held == nil {
					continue
				}
				if err := owner.held.Check(ctx); found == nil || ownedByAnother(err) {
					found = err // that another run has one of them weighs most
				}
			}
			return found
		},
		finish:   r.finish,
		evidence: func(ctx context.Context) (string, error) { return keepEvidence(ctx, p.run, r.operation.Name) },
	}
	switch {
	case p.owner == OwnerSatellite:
		s.switches = slices.DeleteFunc(slices.Clone(r.providers), func(p *part) bool { return p.run == nil })
		s.rest = append([]*part{p}, s.switches...)
	case r.satellite != nil && r.alone(p):
		s.rest = []*part{r.satellite, p}
	}
	return s.settle(failed, cause)
}

// alone reports whether no other provider of the region uses what this run made
// of the satellite, or is yet to: then a failure may revert that, too.
func (r *regionRun) alone(failed *part) bool {
	return !slices.ContainsFunc(r.providers, func(p *part) bool { return p != failed && p.err == nil })
}

// settle asks what to do about the failure of a step (empty if none failed),
// and does it: the switch first, then evidence, then the rest. It returns the
// cause, or a *stillOnError if Networking v2 could not be switched off. A signal
// leaves everything but a broken path to the next run. A run that lost its lock
// may only switch off; if another run holds the lock, not even that.
func (s *settler) settle(failed string, cause error) error {
	ctx := context.WithoutCancel(s.part.ctx)
	interrupted, lost := errors.Is(cause, ErrInterrupted), lockLost(cause)
	if lost && !ownedByAnother(cause) {
		cause = s.withHolder(ctx, cause)
	}
	switch {
	case ownedByAnother(cause):
		s.left(s.part, "another run owns the region now and decides what becomes of it: nothing was reverted")
		return cause
	case s.part.run.Options.NoRollback:
		if !interrupted && !lost {
			s.keepEvidence(ctx)
		}
		s.left(s.part, "nothing was undone, as --no-rollback asks")
		return cause
	case interrupted:
		failed = ""
	}
	cause = s.settleSwitches(ctx, failed, cause)
	if !interrupted && !lost {
		s.keepEvidence(ctx)
		s.settleRest(ctx, failed)
	}
	if lost {
		s.left(s.part, leftForLost)
	}
	s.leftDone()
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

// settleSwitches switches Networking v2 off for every provider concerned where it
// must not stay on, all at once: none waits for another's primary or cluster.
func (s *settler) settleSwitches(ctx context.Context, failed string, cause error) error {
	stillOn := make([]error, len(s.switches))
	var group sync.WaitGroup
	for i, p := range s.switches {
		group.Go(func() { stillOn[i] = s.settleSwitch(ctx, p, failed) })
	}
	group.Wait()
	for i, p := range s.switches {
		if stillOn[i] != nil {
			cause = &stillOnError{provider: p.run.provider().Name, why: stillOn[i], cause: cause}
		}
	}
	return cause
}

// settleSwitch switches Networking v2 off if it must not stay on.
func (s *settler) settleSwitch(ctx context.Context, p *part, failed string) error {
	if !unfinishedSwitch(p.record) {
		return nil
	}
	limit := switchTimeout
	if failed == "" {
		limit = signalTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s.read(ctx, p, snapshot.ItemProvider)
	found := s.situation(p, failed)
	if !found.mayBeOn() {
		return nil
	}
	if !found.proving() {
		s.read(ctx, p, ruleItems()...)
	}
	todo, unknown := compensate(s.situation(p, failed))
	if len(todo) == 0 || todo[0].act != switchOff {
		if failed == "" { // otherwise the rest says it
			s.left(p, unknown...)
		}
		return nil
	}
	return s.apply(ctx, p, todo[0])
}

// settleRest does what is left to do once the switches are settled. What is to be done is
// decided for all parts before anything is changed.
func (s *settler) settleRest(ctx context.Context, failed string) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	type task struct {
		part *part
		remedy
	}
	var todo []task
	unknown := make([][]string, len(s.rest))
	for i, p := range s.rest {
		items := append(ruleItems(), snapshot.ItemCanary)
		if p.owner == OwnerSatellite {
			items = append(items, snapshot.ItemUsers)
		}
		s.read(ctx, p, items...)
		var remedies []remedy
		remedies, unknown[i] = compensate(s.situation(p, failed))
		for _, r := range remedies {
			todo = append(todo, task{p, r})
		}
	}
	slices.SortStableFunc(todo, func(a, b task) int { return int(a.act) - int(b.act) })
	for _, t := range todo {
		if t.act == switchOff {
			continue // it was tried for as long as it may take
		}
		if err := s.apply(ctx, t.part, t.remedy); lockLost(err) {
			s.left(t.part, leftForLost)
			break
		}
	}
	for i, p := range s.rest {
		s.left(p, unknown[i]...)
	}
}

// situation is what compensation for the part is decided from. A step that failed
// elsewhere is told by its name, too: that of a provider concerns the satellite.
func (s *settler) situation(p *part, failed string) situation {
	return situation{
		owner: p.owner, steps: p.steps, failed: failed, begun: p.begunSteps(s.report.Steps),
		before: p.run.Initial, now: p.run.Now, record: p.record,
	}
}

// apply carries one remedy out and reports it, whether that works or not.
func (s *settler) apply(ctx context.Context, p *part, r remedy) error {
	result := v1alpha1.StepResult{Name: r.step, Started: metav1.NewTime(p.run.Clock.Now())}
	message, err := s.do(ctx, p, r)
	if err != nil {
		result.State, result.Error = v1alpha1.StepUndoFailed, err.Error()
		s.left(p, fmt.Sprintf("%s could not be undone: %v", r.step, err))
	} else {
		result.State, result.Message = v1alpha1.StepUndone, message
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(p, result)
	return err
}

// keepEvidence keeps what can be seen of the failure, in a time of its own.
func (s *settler) keepEvidence(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	where, err := s.evidence(ctx)
	s.report.Evidence = where
	if err != nil {
		s.left(s.part, fmt.Sprintf("evidence could not be kept: %v", err))
	}
}

func (s *settler) left(p *part, lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		s.report.Left = append(s.report.Left, p.label(line))
	}
}

// leftDone names the steps that this run has done for the part, and not reverted,
// with those of the satellite.
func (s *settler) leftDone() {
	var names []string
	for _, result := range s.report.Steps {
		if result.Provider != "" && result.Provider != s.part.name {
			continue
		}
		undone := slices.ContainsFunc(s.report.Steps, func(r v1alpha1.StepResult) bool {
			return r.Name == result.Name && r.Provider == result.Provider && r.State == v1alpha1.StepUndone
		})
		if result.State == v1alpha1.StepDone && !undone {
			names = append(names, result.Name)
		}
	}
	if len(names) > 0 {
		s.left(s.part, fmt.Sprintf("done, and kept for the next run: %s", strings.Join(names, ", ")))
	}
}
