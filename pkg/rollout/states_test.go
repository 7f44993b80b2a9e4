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
)

// foreign are waves of which another machine has the first.
func foreign(parallel int, waves ...[]string) []fleet.Wave {
	all := wavesOf(parallel, waves...)
	all[0].Regions = nil
	return all
}

// While a migration runs, or if one stopped in the middle, its wave has not passed, whatever the checks say.
func TestUnfinishedMigration(t *testing.T) {
	for name, run := range map[string]v1alpha1.Run{
		"it runs": {Holder: "ann@host/1"}, "it died": {Operation: "migrate"},
		"it was interrupted": {Operation: "migrate", Outcome: v1alpha1.OutcomeInterrupted}, "it lost its lock": {Operation: "migrate", Outcome: v1alpha1.OutcomeLockLost},
	} {
		m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), foreign(1, []string{"a"}, []string{"b"})...)
		report := good("a")
		report.Regions[0].Providers[0].Run = &run
		m.becomes(report)
		m.start().says(`wave "1" is not good: a: its migration is not finished`)
		m.pass(10 * time.Minute)
		m.hasBegun()
		m.becomes(migrated("a"))
		m.pass(time.Minute)
		m.hasBegun("b")
		if <-m.ended; t.Failed() {
			t.Log(name)
		}
	}
}

// A wave that is not good is looked at twice a minute, also if a look takes long.
func TestLooksTakeTime(t *testing.T) {
	clock := clocktesting.NewFakeClock(begins)
	m := newMachine(t, clock, newMemory(), foreign(1, []string{"a"}, []string{"b"})...)
	status := m.loop.Status
	m.loop.Status = func(ctx context.Context, regions []fleet.Region) (*v1alpha1.StatusReport, error) {
		clock.SetTime(clock.Now().Add(2 * time.Second))
		return status(ctx, regions)
	}
	m.becomes(bad(v1alpha1.CheckFail))
	for m.start(); clock.Now().Before(begins.Add(5 * time.Minute)); {
		m.step(time.Second)
	}
	if m.looks < 8 || m.looks > 11 {
		t.Errorf("%d looks in five minutes", m.looks)
	}
}

// A machine that falls asleep during a look says nothing about the time when it wakes.
func TestSleepInLook(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	m := newMachine(t, clock, store, soaking(8*time.Hour)...)
	slept := false
	status := m.loop.Status
	m.loop.Status = func(ctx context.Context, regions []fleet.Region) (*v1alpha1.StatusReport, error) {
		report, err := status(ctx, regions)
		if !slept {
			slept = true
			clock.SetTime(clock.Now().Add(9 * time.Hour))
			err = store.Update(ctx, "1", func(s *WaveState) bool { // another machine looked meanwhile
				s.Unhealthy, s.Looked, s.Looking = clock.Now().Add(-time.Minute), clock.Now().Add(-time.Minute), time.Time{}
				return true
			})
		}
		return report, err
	}
	m.start()
	m.pass(6 * time.Minute)
	m.says(`soaks until 2026-11-28 0`)
	m.hasBegun("a")
}

// A region that begins during a look makes what the look saw worthless.
func TestWorkDuringLook(t *testing.T) {
	store := newMemory()
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, foreign(1, []string{"a"}, []string{"b"})...)
	status := m.loop.Status
	m.loop.Status = func(ctx context.Context, regions []fleet.Region) (*v1alpha1.StatusReport, error) {
		report, err := status(ctx, regions)
		_ = store.Update(ctx, "1", func(s *WaveState) bool { s.worked(begins, "a"); return m.looks == 1 })
		return report, err
	}
	m.start()
	m.step(lookAgain)
	m.hasBegun()
	m.pass(time.Minute)
	m.hasBegun("b")
}

// An approval cannot be passed by: a wave whose regions others migrate is not one that was left out.
func TestNoPromotion(t *testing.T) {
	waves := foreign(4, []string{"a"}, []string{"c", "b", "d"})
	waves[1].Approval = true
	rules := Rules{Waves: waves}.without(func(string) bool { return false })
	store := newMemory()
	store.state["2"] = WaveState{Approval: &Verdict{At: begins, By: "ann@example.com", Regions: []string{"b", "d"}}}
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, rules.Waves...).start()
	m.says("does not cover regions that joined it since")
	m.pass(time.Minute)
	m.hasBegun()

	alone := wavesOf(4, []string{"a"}, []string{"c", "b"})
	alone[1].Approval = true
	promoted := Rules{Waves: alone}.without(func(name string) bool { return name == "a" }).Waves
	if len(promoted) != 3 || len(promoted[0].All) != 0 || !slices.Equal(fleet.RegionNames(promoted[1].All), []string{"c"}) || (&Verdict{Regions: []string{"b"}}).covers(promoted[1]) {
		t.Errorf("%+v", promoted)
	}
}

// A failure of a region that needs nothing any more is forgotten.
func TestForgiven(t *testing.T) {
	store := newMemory()
	store.state["1"] = WaveState{Worked: begins, Failed: map[string]time.Time{"a": begins, "z": begins}}
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, soaking(time.Minute)...)
	m.loop.regions["a"] = done
	m.start()
	m.pass(2 * time.Minute)
	m.hasBegun("b")
	if _, known := store.state["1"].Failed["z"]; !known || len(store.state["1"].Failed) != 1 {
		t.Errorf("%+v", store.state["1"])
	}
}

// A region that was refused when its turn came, as the Fleet allows, is not waited for.
func TestRefusedRegion(t *testing.T) {
	waves := wavesOf(4, []string{"a", "x"}, []string{"b"})
	waves[0].Soak = time.Minute
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), waves...)
	m.loop.rules.MaxFailures, m.loop.regions["a"], m.loop.regions["x"] = 1, done, failed
	m.start()
	<-m.ended
	if m.hasBegun("b"); !slices.Equal(m.looked, []string{"a"}) {
		t.Errorf("looked at %v", m.looked)
	}
}

// With a home, a region that another run holds is left to that run, and its wave is looked at. Without one it is a failure.
func TestHeldElsewhere(t *testing.T) {
	for _, home := range []bool{true, false} {
		m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), wavesOf(1, []string{"a", "b"}, []string{"c"})...)
		if home {
			m.loop.Home = m.loop.store
		}
		m.becomes(good("a", "b"))
		var began []string
		m.loop.run(t.Context(), func(_ context.Context, name string) v1alpha1.RegionReport {
			began = append(began, name)
			m.clock.Step(time.Second)
			outcome := v1alpha1.OutcomeSucceeded
			if name == "a" {
				outcome = v1alpha1.OutcomeLockHeld
			}
			return v1alpha1.RegionReport{Name: name, Outcome: outcome}
		})
		if want := map[bool]string{true: "a b c", false: "a"}[home]; strings.Join(began, " ") != want || home && !slices.Equal(m.looked, []string{"a", "b"}) {
			t.Errorf("home %t: began %v, looked at %v", home, began, m.looked)
		}
	}
}

// A wave of which everything is left out is none.
func TestEmptyWave(t *testing.T) {
	waves := wavesOf(1, []string{"a"}, []string{"x"}, []string{"b"})
	waves[1].Soak = time.Hour
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), Rules{Waves: waves}.without(func(name string) bool { return name == "x" }).Waves...)
	m.loop.regions["x"] = done
	m.start()
	<-m.ended
	m.hasBegun("a", "b")
}

// A gate's command may leave a child behind.
func TestExecLeavesChild(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory())
	if why := m.loop.exec(t.Context(), []string{"sh", "-c", "sleep 3 & test \"$PWD\" = /"}, "/"); why != "" {
		t.Error(why)
	}
}

type ending struct {
	Store
	end func()
}

func (e ending) Load(ctx context.Context) (State, error) {
	e.end()
	return nil, ctx.Err()
}

// A signal while the home is read is not told as the home's error.
func TestSignalWhileReading(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), wavesOf(1, []string{"a"})...)
	ctx, cancel := context.WithCancel(t.Context())
	m.loop.store = ending{end: cancel}
	m.loop.run(ctx, func(_ context.Context, name string) v1alpha1.RegionReport {
		m.begun = append(m.begun, name)
		return v1alpha1.RegionReport{Name: name}
	})
	if len(m.said)+len(m.begun) > 0 {
		t.Errorf("said %q, begun %v", m.said, m.begun)
	}
}
