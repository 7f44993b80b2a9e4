package rollout

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// A wave that stays good for its soak lets the next one begin; whenever it is not good, the time restarts.
func TestSoak(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(time.Hour)...).start()
	m.says("wave \"1\" soaks until 2026-11-27 09:00:00 UTC, if its status stays good")
	m.pass(40 * time.Minute)
	m.mu.Lock()
	if m.looks < 8 || m.looks > 10 {
		t.Errorf("%d looks in 40 minutes", m.looks)
	}
	m.mu.Unlock()
	m.becomes(bad(v1alpha1.CheckFail))
	m.pass(6 * time.Minute)
	m.says("wave \"1\" is not good: a: satellite-ready (`kubectl coder-satellite status --wave 1` says why)")
	m.says("the soak of wave \"1\" restarts when its status is good")
	m.becomes(good("a"))
	m.pass(53 * time.Minute)
	m.hasBegun("a")
	m.pass(8 * time.Minute)
	m.says("wave \"1\" has passed")
	m.hasBegun("a", "b")
	<-m.ended
	for i, said := range m.said {
		if slices.Contains(m.said[:i], said) && !strings.Contains(said, "soaks until") && !strings.Contains(said, "is good") {
			t.Errorf("said twice: %s", said)
		}
	}
}

// An unknown answer, as when a network is down, does not restart a soak. But a soak ends only with a good look.
func TestUnknownInSoak(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(time.Hour)...).start()
	m.hasBegun("a")
	m.becomes(bad(v1alpha1.CheckUnknown))
	m.pass(90 * time.Minute)
	m.says("wave \"1\" is not good: a: satellite-ready is unknown")
	m.says("wave \"1\" is checked before the next one starts")
	m.hasBegun("a")
	m.becomes(good("a"))
	m.pass(7 * time.Minute)
	m.hasBegun("a", "b")
}

// A computer that sleeps through a soak continues when it wakes, unless the wave is not good then.
func TestSleep(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(24*time.Hour)...).start()
	m.hasBegun("a")
	m.becomes(bad(v1alpha1.CheckFail))
	m.step(30 * time.Hour)
	m.says("the soak of wave \"1\" restarts")
	m.becomes(good("a"))
	m.hasBegun("a")
	m.step(30 * time.Hour)
	m.hasBegun("a", "b")
}

// Somebody else approves the wave, elsewhere. An approval covers the regions of its time only.
func TestApproval(t *testing.T) {
	store, waves := newMemory(), paced(func(_, second *fleet.Wave) { second.Approval = true })
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, waves...).start()
	m.says(`wave "2" waits for an approval`)
	m.says(`TO DO wave "2" waits for an approval: kubectl coder-satellite approve --wave 2 --reason WHY`)
	m.pass(time.Hour)
	m.hasBegun("a")
	if earlier, err := Approve(t.Context(), store, waves[1], "ann@example.com", "a quiet night", m.clock.Now()); err != nil || earlier != nil {
		t.Fatal(earlier, err)
	}
	m.step(lookAgain)
	m.hasBegun("a", "b")
	if earlier, err := Approve(t.Context(), store, waves[1], "bob@example.com", "", m.clock.Now()); err != nil || earlier == nil || earlier.By != "ann@example.com" || earlier.Reason != "a quiet night" {
		t.Errorf("again: %+v, %v", earlier, err)
	}

	waves[1].All = append(waves[1].All, fleet.Region{Name: "c"})
	waves[1].Regions = []string{"b", "c"}
	later := newMachine(t, m.clock, store, waves...).start()
	later.says("that of ann@example.com does not cover regions that joined it since")
	if _, err := ToApprove(waves, "1"); err == nil || !strings.Contains(err.Error(), "needs no approval") {
		t.Errorf("wave 1: %v", err)
	}
}

// Nothing begins outside the window; what began is finished after it.
func TestClosedWindow(t *testing.T) {
	waves := wavesOf(1, []string{"a", "b"})
	waves[0].Window = fleet.Window{From: 10 * time.Hour, To: 11 * time.Hour}
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), waves...)
	m.start().says(`wave "1" waits until its window opens, Fri 2026-11-27 10:00 UTC`)
	m.pass(time.Hour + 59*time.Minute)
	m.hasBegun()
	m.pass(time.Minute)
	m.hasBegun("a", "b")
	<-m.ended
}

// A colleague continues a rollout whose first run was interrupted during a soak: with the same home, or else from what the
// journals say. What the soak has waited counts.
func TestResume(t *testing.T) {
	for name, home := range map[string]bool{"with a home": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			clock, store := clocktesting.NewFakeClock(begins), newMemory()
			first := newMachine(t, clock, store, soaking(time.Hour)...).start()
			first.hasBegun("a")
			first.pass(30 * time.Minute)
			first.stop()
			if why, outcome := first.loop.why(canceled(t)); why != "not started, because the run was interrupted" || outcome != "" {
				t.Errorf("%q, %s", why, outcome)
			}
			if !home {
				store = newMemory()
			}
			second := newMachine(t, clock, store, soaking(time.Hour)...)
			second.loop.regions["a"] = done // nothing to do
			second.becomes(migrated("a"))
			second.start().says("wave \"1\" soaks until 2026-11-27 09:00:00 UTC")
			second.pass(29 * time.Minute)
			second.hasBegun()
			second.pass(90 * time.Second)
			second.hasBegun("b")
		})
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(migration.ErrInterrupted)
	return ctx
}

// A wave in which everything failed shows nothing.
func TestNothingToLookAt(t *testing.T) {
	store := newMemory()
	store.state["1"] = WaveState{Failed: map[string]time.Time{"a": begins}}
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, soaking(time.Minute)...)
	m.loop.rules.MaxFailures, m.loop.regions["a"] = 1, failed
	m.start()
	<-m.ended
	if why, _ := m.loop.why(t.Context()); !strings.Contains(why, "the migration of all regions of wave \"1\" failed: run `kubectl coder-satellite migrate --wave 1`") {
		t.Errorf("%q", why)
	}
}

// A signal is answered at once, even while a region is in progress, whose end is waited for.
func TestSignal(t *testing.T) {
	clock, begun, hold := clocktesting.NewFakeClock(begins), make(chan struct{}), make(chan struct{})
	m := newMachine(t, clock, newMemory(), wavesOf(1, []string{"a", "b"})...)
	ctx, interrupt := context.WithCancelCause(t.Context())
	m.interrupt = interrupt
	go func() {
		defer close(m.ended)
		m.loop.run(ctx, func(_ context.Context, name string) v1alpha1.RegionReport {
			close(begun)
			<-hold
			return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeInterrupted}
		})
	}()
	<-begun
	interrupt(migration.ErrInterrupted)
	m.says("interrupted: no further region starts; the steps in progress are finished")
	close(hold)
	<-m.ended
	if _, ran := m.loop.reports["b"]; ran || m.loop.reports["a"].Outcome != v1alpha1.OutcomeInterrupted {
		t.Errorf("%+v", m.loop.reports)
	}
}
