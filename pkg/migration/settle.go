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

// Timeouts after a failure. They do not count against the region's timeout, which may be what expired.
const (
	switchTimeout   = 2 * time.Minute  // of switching Networking v2 off
	signalTimeout   = 20 * time.Second // of the same after a signal, when somebody waits
	holderTimeout   = 5 * time.Second  // of asking who has the lock
	evidenceTimeout = 30 * time.Second
	settleTimeout   = 10 * time.Minute // of everything else
)

// leftForLost is reported by a run that lost its lock before it had reverted everything.
const leftForLost = "the lock was lost, so nothing else was reverted; the next run continues from here"

// settler makes the rule hold again after a part's steps ended early.
type settler struct {
	part     *part   // that failed
	switches []*part // providers whose switch the failure affects: all of the region if the satellite failed
	rest     []*part // with other things to revert
	report   *v1alpha1.RegionReport
	read     func(ctx context.Context, p *part, items ...snapshot.Item)
	do       func(ctx context.Context, p *part, r remedy) (string, error) // carries a remedy out, and describes the result
	holds    func(context.Context) error                                  // whether the run still holds its locks, or who does
	finish   func(*part, v1alpha1.StepResult)                             // reports and records a remedy's result
	evidence func(context.Context) (string, error)                        // saves evidence, and returns where

	mu sync.Mutex // held while the report is written
}

// settlePart makes the rule hold again after the part's step failed; empty if none did. It returns the cause, extended by
// what is more urgent.
func (r *regionRun) settlePart(p *part, failed string, cause error) error {
	s := &settler{
		part: p, switches: []*part{p}, rest: []*part{p}, report: r.report,
		read: func(ctx context.Context, p *part, items ...snapshot.Item) { p.Refresh(ctx, items...) },
		do: func(ctx context.Context, p *part, todo remedy) (string, error) {
			if todo.act == switchOff {
				defer r.noticeable(p, disableNetworkingV2(nil))()
			}
			return p.remedy(ctx, todo)
		},
		holds: func(ctx context.Context) error {
			var found error
			for _, owner := range []*part{r.satellite, p} {
				if owner == nil || owner.held == nil {
					continue
				}
				if err := owner.held.Check(ctx); found == nil || ownedByAnother(err) {
					found = err // another run's claim matters most
				}
			}
			return found
		},
		finish:   r.finish,
		evidence: func(ctx context.Context) (string, error) { return keepEvidence(ctx, &p.Run, r.operation.Name) },
	}
	switch {
	case p.owner == OwnerSatellite:
		s.switches = slices.DeleteFunc(slices.Clone(r.providers), func(p *part) bool { return p.Initial == nil })
		s.rest = append([]*part{p}, s.switches...)
	case r.satellite != nil && !slices.ContainsFunc(r.providers, func(other *part) bool { return other != p && other.err == nil }):
		s.rest = []*part{r.satellite, p} // no other provider uses, or is about to use, what this run did to the satellite
	}
	return s.settle(failed, cause)
}

// settle decides what to do about the failure of a step (empty if none failed) and does it: first the switch, then evidence,
// then the rest. It returns the cause, or a *stillOnError if Networking v2 could not be switched off. After a signal, it only
// reverts a broken path and leaves the rest to the next run. A run that lost its lock may only switch off, and not even that
// if another run holds the lock.
func (s *settler) settle(failed string, cause error) error {
	ctx := context.WithoutCancel(s.part.ctx)
	interrupted, lost := errors.Is(cause, ErrInterrupted), lockLost(cause)
	if lost && !ownedByAnother(cause) {
		cause = s.withHolder(ctx, cause)
	}
	switch {
	case ownedByAnother(cause):
		s.left(s.part, "another run has taken the region over and decides what to do: nothing was reverted")
		return cause
	case s.part.Options.NoRollback:
		if !interrupted && !lost {
			s.keepEvidence(ctx)
		}
		s.left(s.part, "nothing was undone because of --no-rollback")
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

// withHolder adds who has taken the lock since it expired, if anybody has.
func (s *settler) withHolder(ctx context.Context, cause error) error {
	ctx, cancel := context.WithTimeout(ctx, holderTimeout)
	defer cancel()
	if err := s.holds(ctx); ownedByAnother(err) {
		return fmt.Errorf("%w (before: %w)", err, cause)
	}
	return cause
}

// settleSwitches switches Networking v2 off where it must not stay on, for all providers in parallel.
func (s *settler) settleSwitches(ctx context.Context, failed string, cause error) error {
	stillOn := make([]error, len(s.switches))
	var group sync.WaitGroup
	for i, p := range s.switches {
		group.Go(func() { stillOn[i] = s.settleSwitch(ctx, p, failed) })
	}
	group.Wait()
	for i, p := range s.switches {
		if stillOn[i] != nil {
			cause = &stillOnError{provider: p.provider().Name, why: stillOn[i], cause: cause}
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
		if failed == "" { // otherwise settleRest reports it
			s.left(p, unknown...)
		}
		return nil
	}
	return s.apply(ctx, p, todo[0])
}

// settleRest does everything else. It decides for all parts before it changes anything.
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
			continue // it was tried until its timeout
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

// situation returns the input of compensation for the part. failed may be a step of another part, which can affect this one.
func (s *settler) situation(p *part, failed string) situation {
	return situation{
		owner: p.owner, steps: p.steps, failed: failed, begun: p.begunSteps(s.report.Steps),
		before: p.Initial, now: p.Now, record: p.record,
	}
}

func (s *settler) apply(ctx context.Context, p *part, r remedy) error {
	result := v1alpha1.StepResult{Name: r.step, Started: metav1.NewTime(p.Clock.Now())}
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

func (s *settler) keepEvidence(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	where, err := s.evidence(ctx)
	s.report.Evidence = where
	if err != nil {
		s.left(s.part, fmt.Sprintf("evidence could not be saved: %v", err))
	}
}

func (s *settler) left(p *part, lines ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		s.report.Left = append(s.report.Left, p.label(line))
	}
}

// leftDone reports the steps of the part and of the satellite that this run has done and not reverted.
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
