package rollout

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// For generated fleets: a wave begins only after the one before it is done, at most MaxParallel
// regions run at once, no further region starts once more than MaxFailures have failed (running
// ones continue), and every region has a report.
func TestWaves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parallel, rules := rapid.IntRange(1, 4).Draw(t, "parallel"), Rules{MaxFailures: rapid.IntRange(0, 3).Draw(t, "failures")}
		var waves [][]string
		var names []string
		waveOf, fails := map[string]int{}, map[string]bool{}
		for w := range rapid.IntRange(1, 4).Draw(t, "waves") {
			var wave []string
			for range rapid.IntRange(1, 5).Draw(t, "regions") {
				name := string(rune('a' + len(names)))
				names, wave = append(names, name), append(wave, name)
				waveOf[name], fails[name] = w, rapid.Bool().Draw(t, name+" fails")
			}
			waves = append(waves, wave)
		}
		rules.Waves = wavesOf(parallel, waves...)
		var (
			mu           sync.Mutex
			atWork, most atomic.Int64
			began, ended []string
		)
		reports := runOf(context.Background(), rules, names, func(_ context.Context, name string) v1alpha1.RegionReport {
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
		if most.Load() > int64(parallel) {
			t.Errorf("%d at work, at most %d allowed", most.Load(), parallel)
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
		if failed > rules.MaxFailures+parallel {
			t.Errorf("%d failed, though only %d may and %d are at work at once", failed, rules.MaxFailures, parallel)
		}
		if failed <= rules.MaxFailures && len(began) != len(names) {
			t.Errorf("only %d failed, but not all began: %v", failed, began)
		}
	})
}

// runOf runs a rollout in which one stands for the migration of a region.
func runOf(ctx context.Context, rules Rules, names []string, one func(context.Context, string) v1alpha1.RegionReport) (reports []v1alpha1.RegionReport) {
	l := loop{
		Rollout: &Rollout{Clock: clock.RealClock{}, Report: func(v1alpha1.Progress) {}}, rules: rules, store: &memory{state: State{}},
		regions: map[string]progress{}, reports: map[string]v1alpha1.RegionReport{}, said: map[string]string{},
	}
	for _, name := range names {
		l.regions[name] = waiting
	}
	l.run(ctx, one)
	for _, name := range names {
		report, ran := l.reports[name]
		if !ran {
			why, _ := l.why(ctx)
			report = v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeNotStarted, Error: why, Steps: []v1alpha1.StepResult{}}
		}
		reports = append(reports, report)
	}
	return reports
}

// A signal keeps further regions from starting, and their reports say so.
func TestWavesInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	rules := Rules{Waves: wavesOf(1, []string{"sydney"}, []string{"london"})}
	reports := runOf(ctx, rules, []string{"sydney", "london"}, func(_ context.Context, name string) v1alpha1.RegionReport {
		interrupt(migration.ErrInterrupted)
		return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeInterrupted}
	})
	want := []v1alpha1.RegionReport{
		{Name: "sydney", Outcome: v1alpha1.OutcomeInterrupted},
		{
			Name: "london", Outcome: v1alpha1.OutcomeNotStarted, Steps: []v1alpha1.StepResult{},
			Error: "not started, because the run was interrupted",
		},
	}
	if diff := cmp.Diff(want, reports); diff != "" {
		t.Error(diff)
	}
}
