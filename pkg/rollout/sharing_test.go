package rollout

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Two machines share a home: the one with the second wave waits until the status of the first is good, which the other
// migrates meanwhile; one that is worked on again has not passed.
func TestTwoMachines(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	ours := func(wave int) []fleet.Wave {
		waves := wavesOf(1, []string{"a", "c"}, []string{"b"}, []string{"d"})
		waves[0].Soak = time.Minute
		for i := range waves {
			if i != wave {
				waves[i].Regions = nil
			}
		}
		return waves
	}
	second := newMachine(t, clock, store, ours(1)...)
	second.becomes(bad(v1alpha1.CheckFail))
	second.start().says(`the soak of wave "1" restarts when its status is good`)
	second.pass(time.Hour)
	second.hasBegun()
	if !slices.Equal(second.looked, []string{"a", "c"}) {
		t.Errorf("looked at %v", second.looked)
	}
	first := newMachine(t, clocktesting.NewFakeClock(clock.Now()), store, ours(0)...).start()
	<-first.ended // nothing of its own is left to wait for
	first.hasBegun("a", "c")
	second.becomes(good("a", "c"))
	second.pass(50 * time.Second)
	second.hasBegun()
	second.pass(30 * time.Second)
	second.hasBegun("b")
	<-second.ended

	clock.Step(time.Hour)
	again := newMachine(t, clock, store, ours(0)...) // a was rolled back, perhaps
	again.loop.regions = map[string]progress{"a": waiting, "c": done}
	again.start()
	<-again.ended
	third := newMachine(t, clock, store, ours(2)...)
	third.becomes(good("a", "c"))
	third.start().says(`wave "1" soaks until 2026-11-27 `)
	third.hasBegun()
}

// Only one of several machines looks at a time.
func TestOneLooks(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	waves := soaking(time.Hour)
	waves[0].Regions = nil
	one, two := newMachine(t, clock, store, waves...), newMachine(t, clock, store, waves...)
	one.becomes(migrated("a"))
	two.becomes(migrated("a"))
	one.start().says("wave \"1\" is good")
	two.start()
	one.pass(30 * time.Minute)
	one.mu.Lock()
	two.mu.Lock()
	defer one.mu.Unlock()
	defer two.mu.Unlock()
	if looks := one.looks + two.looks; looks < 5 || looks > 7 {
		t.Errorf("%d looks in half an hour", looks)
	}
}

// Failures elsewhere count, too, until the region is migrated; a failed region of another machine is not looked at.
func TestFailuresElsewhere(t *testing.T) {
	for _, allowed := range []int{0, 1} {
		store := newMemory()
		store.state["1"] = WaveState{Worked: begins, Failed: map[string]time.Time{"a": begins}}
		m := newMachine(t, clocktesting.NewFakeClock(begins), store, foreign(1, []string{"a", "c"}, []string{"b"})...)
		m.loop.rules.MaxFailures = allowed
		m.start()
		if allowed == 0 {
			m.says("other runs failed in a: migrate each again with --region, or allow more failures with --max-failures")
			m.pass(time.Minute)
			m.hasBegun()
			_ = store.Update(t.Context(), "1", func(s *WaveState) bool { s.worked(m.clock.Now()); return true })
			m.pass(time.Minute) // it is tried again
			m.hasBegun()
			_ = store.Update(t.Context(), "1", func(s *WaveState) bool { s.worked(m.clock.Now(), "a"); return true })
			m.pass(time.Minute)
		}
		m.hasBegun("b")
		if want := [][]string{{"a", "c"}, {"c"}}[allowed]; !slices.Equal(m.looked, want) {
			t.Errorf("looked at %v", m.looked)
		}
	}
}

// Two regions that failed are tried again by two machines: neither waits for the other.
func TestTwoFailures(t *testing.T) {
	store, clock := newMemory(), clocktesting.NewFakeClock(begins)
	store.state["1"] = WaveState{Failed: map[string]time.Time{"a": begins, "b": begins}}
	one, two := wavesOf(1, []string{"a", "b", "c"}), wavesOf(1, []string{"a", "b", "c"})
	one[0].Regions, two[0].Regions = []string{"a"}, []string{"b", "c"}
	second := newMachine(t, clock, store, two...).start()
	second.says("other runs failed in a")
	second.hasBegun("b")
	first := newMachine(t, clock, store, one...).start()
	<-first.ended
	first.hasBegun("a")
	second.step(lookAgain)
	second.hasBegun("b", "c")
	if state := store.state["1"]; len(state.Failed) > 0 {
		t.Errorf("%+v", state)
	}
}

// broken is a home that cannot be used for a while.
type broken struct {
	Store
	mu  sync.Mutex
	err error
}

func (b *broken) failing() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *broken) Load(ctx context.Context) (State, error) {
	if err := b.failing(); err != nil {
		return nil, err
	}
	return b.Store.Load(ctx)
}

func (b *broken) Update(ctx context.Context, wave string, change func(*WaveState) bool) error {
	if err := b.failing(); err != nil {
		return err
	}
	return b.Store.Update(ctx, wave, change)
}

// While the home cannot be read, nothing begins.
func TestBrokenHome(t *testing.T) {
	home := &broken{Store: newMemory(), err: errors.New("the home does not answer")}
	m := newMachine(t, clocktesting.NewFakeClock(begins), home, wavesOf(1, []string{"a"})...).start()
	m.says("the home does not answer")
	m.pass(time.Minute)
	m.hasBegun()
	home.mu.Lock()
	home.err = nil
	home.mu.Unlock()
	m.step(lookAgain)
	m.hasBegun("a")
}
