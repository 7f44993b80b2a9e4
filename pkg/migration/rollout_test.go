package migration

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestOverallOutcome(t *testing.T) {
	const (
		done, nothing, failed = v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeNothingToDo, v1alpha1.OutcomeFailed
		held, preflight       = v1alpha1.OutcomeLockHeld, v1alpha1.OutcomePreflightFailed
		late, stopped, left   = v1alpha1.OutcomeTimedOut, v1alpha1.OutcomeInterrupted, v1alpha1.OutcomeNotStarted
	)
	for name, test := range map[string]struct {
		outcomes []v1alpha1.Outcome
		want     v1alpha1.Outcome
	}{
		"all done":                           {[]v1alpha1.Outcome{done, done}, done},
		"nothing to do":                      {[]v1alpha1.Outcome{nothing, nothing}, nothing},
		"some had nothing to do":             {[]v1alpha1.Outcome{nothing, done}, done},
		"all failed":                         {[]v1alpha1.Outcome{failed, failed}, failed},
		"some failed":                        {[]v1alpha1.Outcome{done, failed}, v1alpha1.OutcomePartlyFailed},
		"some had nothing to do, one failed": {[]v1alpha1.Outcome{nothing, failed}, v1alpha1.OutcomePartlyFailed},
		"the lock is held":                   {[]v1alpha1.Outcome{held}, held},
		"the lock of all is held":            {[]v1alpha1.Outcome{held, held}, held},
		"one lock is held":                   {[]v1alpha1.Outcome{done, held}, v1alpha1.OutcomePartlyFailed},
		"one held, one failed":               {[]v1alpha1.Outcome{held, failed}, failed},
		"timed out, others not started":      {[]v1alpha1.Outcome{late, left}, late},
		"failed, others not started":         {[]v1alpha1.Outcome{failed, left}, failed},
		"done, failed, not started":          {[]v1alpha1.Outcome{done, failed, left}, v1alpha1.OutcomePartlyFailed},
		"preflight":                          {[]v1alpha1.Outcome{preflight, left}, preflight},
		"a signal":                           {[]v1alpha1.Outcome{done, stopped, left}, stopped},
		"a signal and a failure":             {[]v1alpha1.Outcome{failed, stopped}, stopped},
		"a signal before anything began":     {[]v1alpha1.Outcome{left, left}, stopped},
		"a signal between two waves":         {[]v1alpha1.Outcome{done, left}, stopped},
	} {
		t.Run(name, func(t *testing.T) {
			var reports []v1alpha1.RegionReport
			for _, outcome := range test.outcomes {
				reports = append(reports, v1alpha1.RegionReport{Outcome: outcome})
			}
			if got := OverallOutcome(reports); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// Generated fleets: no wave begins before the one before it is done, never are
// more regions at work than MaxParallel, at most MaxFailures fail before no
// further one starts (but for those at work), and every region has a report.
func TestWaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rollout := &Rollout{
			MaxParallel: rapid.IntRange(1, 4).Draw(t, "parallel"),
			MaxFailures: rapid.IntRange(0, 3).Draw(t, "failures"),
		}
		var names []string
		waveOf, fails := map[string]int{}, map[string]bool{}
		for w := range rapid.IntRange(1, 4).Draw(t, "waves") {
			var wave []string
			for range rapid.IntRange(1, 5).Draw(t, "regions") {
				name := string(rune('a' + len(names)))
				names, wave = append(names, name), append(wave, name)
				waveOf[name], fails[name] = w, rapid.Bool().Draw(t, name+" fails")
			}
			rollout.Waves = append(rollout.Waves, wave)
		}
		var (
			mu           sync.Mutex
			atWork, most atomic.Int64
			began, ended []string
		)
		reports := inWaves(context.Background(), rollout, names, func(_ context.Context, name string) v1alpha1.RegionReport {
			now := atWork.Add(1)
			defer atWork.Add(-1)
			mu.Lock()
			most.Store(max(most.Load(), now))
			for _, other := range names {
				if waveOf[other] < waveOf[name] && !slices.Contains(ended, other) && slices.Contains(began, other) {
					t.Errorf("%s began while %s of an earlier wave was at work", name, other)
				}
			}
			began = append(began, name)
			mu.Unlock()
			report := v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeSucceeded}
			mu.Lock()
			defer mu.Unlock()
			if fails[name] {
				report.Outcome = v1alpha1.OutcomeFailed
			}
			ended = append(ended, name)
			return report
		})
		if most.Load() > int64(rollout.MaxParallel) {
			t.Errorf("%d at work, at most %d allowed", most.Load(), rollout.MaxParallel)
		}
		var reported []string
		failed := 0
		for _, report := range reports {
			reported = append(reported, report.Name)
			if started := slices.Contains(began, report.Name); started == (report.Outcome == v1alpha1.OutcomeNotStarted) {
				t.Errorf("%s is reported as %s", report.Name, report.Outcome)
			}
			if report.Outcome == v1alpha1.OutcomeFailed {
				failed++
			}
		}
		if diff := cmp.Diff(names, reported); diff != "" {
			t.Error(diff)
		}
		if failed > rollout.MaxFailures+rollout.MaxParallel {
			t.Errorf("%d failed, though only %d may and %d are at work at once", failed, rollout.MaxFailures, rollout.MaxParallel)
		}
		if failed <= rollout.MaxFailures && len(began) != len(names) {
			t.Errorf("only %d failed, but not all began: %v", failed, began)
		}
	})
}

// A signal keeps further regions from starting, and their reports say so.
func TestWavesInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	rollout := &Rollout{MaxParallel: 1, Waves: [][]string{{"sydney"}, {"london"}}}
	reports := inWaves(ctx, rollout, []string{"sydney", "london"}, func(_ context.Context, name string) v1alpha1.RegionReport {
		interrupt(ErrInterrupted)
		return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeInterrupted}
	})
	want := []v1alpha1.RegionReport{
		{Name: "sydney", Outcome: v1alpha1.OutcomeInterrupted},
		{Name: "london", Outcome: v1alpha1.OutcomeNotStarted, Steps: []v1alpha1.StepResult{}, Error: "not started, because the run was interrupted"},
	}
	if diff := cmp.Diff(want, reports); diff != "" {
		t.Error(diff)
	}
}

func TestOutcomeOf(t *testing.T) {
	if got := outcomeOf(&TimeoutError{What: "the region", After: time.Minute, Flag: "--timeout"}); got != v1alpha1.OutcomeTimedOut {
		t.Errorf("a timeout is %s", got)
	}
	ctx, cancel := withTimeout(t.Context(), "install-satellite", time.Nanosecond, "--step-timeout")
	defer cancel()
	<-ctx.Done()
	if got := context.Cause(ctx).Error(); got != "install-satellite was not done within 1ns (--step-timeout gives it more time)" {
		t.Errorf("%q", got)
	}
	ctx, cancel = withTimeout(t.Context(), "", 0, "")
	defer cancel()
	if _, bound := ctx.Deadline(); bound {
		t.Error("0 is no bound")
	}
}
