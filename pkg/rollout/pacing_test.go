package rollout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// A Friday morning.
var begins = time.Date(2026, time.November, 27, 8, 0, 0, 0, time.UTC)

// machine is one run of a rollout, with a clock that only a test moves.
type machine struct {
	t         *testing.T
	clock     *clocktesting.FakeClock
	loop      *loop
	interrupt context.CancelCauseFunc
	ended     chan struct{}

	mu     sync.Mutex
	begun  []string // regions, in the order in which they began
	said   []string // run-level events; those for a person begin with "TO DO "
	looks  int
	looked []string // the regions of the latest look
	status func() *v1alpha1.StatusReport
}

// newMachine returns a run of the waves' regions that are selected, whose migrations succeed at once.
func newMachine(t *testing.T, clock *clocktesting.FakeClock, store Store, waves ...fleet.Wave) *machine {
	m := &machine{t: t, clock: clock, ended: make(chan struct{}), status: func() *v1alpha1.StatusReport { return good("a") }}
	m.loop = &loop{
		rules: Rules{Waves: waves}, store: store, began: clock.Now(), regions: map[string]progress{}, reports: map[string]v1alpha1.RegionReport{},
		said: map[string]string{}, Rollout: &Rollout{
			Clock: clock, Events: func() []byte { return []byte("{\"event\":1}\n") },
			Status: func(_ context.Context, regions []fleet.Region) (*v1alpha1.StatusReport, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.looks, m.looked = m.looks+1, fleet.RegionNames(regions)
				return m.status(), nil
			},
			Report: func(event v1alpha1.Progress) {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.said = append(m.said, map[bool]string{true: "TO DO "}[event.Attention]+event.Message)
			},
		},
	}
	for _, wave := range waves {
		for _, name := range wave.Regions {
			m.loop.regions[name] = waiting
		}
	}
	return m
}

// start runs the machine until its rollout ends or the test does.
func (m *machine) start() *machine {
	ctx, interrupt := context.WithCancelCause(m.t.Context())
	m.interrupt = interrupt
	go func() {
		defer close(m.ended)
		m.loop.run(ctx, func(_ context.Context, name string) v1alpha1.RegionReport {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.begun = append(m.begun, name)
			return v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.OutcomeSucceeded}
		})
	}()
	m.t.Cleanup(func() { m.stop() })
	return m
}

func (m *machine) stop() {
	m.interrupt(migration.ErrInterrupted)
	<-m.ended
}

// until waits for the condition without moving the clock.
func (m *machine) until(what string, holds func() bool) {
	m.t.Helper()
	for patience := time.Now().Add(time.Minute); ; <-time.After(time.Millisecond) {
		m.mu.Lock()
		ok := holds()
		m.mu.Unlock()
		if ok {
			return
		}
		if time.Now().After(patience) {
			m.t.Fatalf("%s never came: begun %v, said %q", what, m.begun, m.said)
		}
	}
}

func (m *machine) hasBegun(names ...string) {
	m.t.Helper()
	m.until(strings.Join(names, ", "), func() bool { return slices.Equal(m.begun, names) })
}

func (m *machine) says(text string) {
	m.t.Helper()
	m.until(text, func() bool {
		return slices.ContainsFunc(m.said, func(said string) bool { return strings.Contains(said, text) })
	})
}

// pass moves the clock by so much, in steps of ten seconds, at each of which the rollout is decided on.
func (m *machine) pass(d time.Duration) {
	m.t.Helper()
	for range int(d / lookAgain) {
		m.step(lookAgain)
	}
}

// step moves the clock at once, as after a sleep, and waits until the rollout was decided on.
func (m *machine) step(d time.Duration) {
	m.t.Helper()
	m.until("a wait", m.waits)
	m.clock.Step(d)
	m.until("a wait", m.waits)
}

func (m *machine) waits() bool {
	select {
	case <-m.ended:
		return true
	default:
		return m.clock.HasWaiters()
	}
}

// good is a status in which nothing is wrong.
func good(names ...string) *v1alpha1.StatusReport {
	report := &v1alpha1.StatusReport{Outcome: v1alpha1.OutcomeSucceeded}
	for _, name := range names {
		report.Regions = append(report.Regions, v1alpha1.RegionStatus{
			Name: name, Outcome: v1alpha1.OutcomeSucceeded, Satellite: &v1alpha1.SatelliteStatus{},
			Checks: []v1alpha1.CheckResult{{ID: "satellite-ready", State: v1alpha1.CheckPass, Severity: v1alpha1.SeverityError}},
			Providers: []v1alpha1.ProviderStatus{{
				Provider: v1alpha1.Provider{Name: "p"}, Distance: &v1alpha1.Distance{PrimaryMicroseconds: 100, SatelliteMicroseconds: 70},
			}},
		})
	}
	return report
}

// migrated is a good status of a region that was just migrated, as its journal says.
func migrated(name string) *v1alpha1.StatusReport {
	report := good(name)
	report.Regions[0].Providers[0].Run = &v1alpha1.Run{Operation: "migrate", Outcome: v1alpha1.OutcomeSucceeded, Updated: metav1.NewTime(begins)}
	return report
}

// bad is a status in which a check failed, or its answer is unknown.
func bad(state v1alpha1.CheckState) *v1alpha1.StatusReport {
	report := good("a")
	report.Outcome, report.Regions[0].Outcome = v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed
	report.Regions[0].Checks[0].State, report.Regions[0].Checks[0].Message = state, "no pod is ready"
	return report
}

func paced(change func(first, second *fleet.Wave)) []fleet.Wave {
	waves := wavesOf(4, []string{"a"}, []string{"b"})
	change(&waves[0], &waves[1])
	return waves
}

func soaking(d time.Duration) []fleet.Wave {
	return paced(func(first, _ *fleet.Wave) { first.Soak = d })
}

func newMemory() *memory { return &memory{state: State{}} }

// becomes sets what status says from now on.
func (m *machine) becomes(report *v1alpha1.StatusReport) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.status = func() *v1alpha1.StatusReport { return report }
}

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

// What cannot be found out, perhaps because a network is down, does not restart a soak, but does not end it either.
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

// A gate that does not hold ends the run, with the reason, and what is unknown does not hold. Its command gets the events.
func TestGates(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell here")
	}
	got := filepath.Join(t.TempDir(), "events")
	with := func(change func(*v1alpha1.ProviderStatus)) *v1alpha1.StatusReport {
		report := good("a")
		change(&report.Regions[0].Providers[0])
		return report
	}
	gap := func(ms int64) *v1alpha1.StatusReport {
		return with(func(p *v1alpha1.ProviderStatus) { p.LongestGapMilliseconds = &ms })
	}
	far := with(func(p *v1alpha1.ProviderStatus) { p.Distance.SatelliteMicroseconds = 90 })
	unmeasured := with(func(p *v1alpha1.ProviderStatus) { p.Distance = nil })
	for name, test := range map[string]struct {
		gate   fleet.Gate
		status *v1alpha1.StatusReport
		why    string // empty if it holds
	}{
		"a check":                      {fleet.Gate{Check: "satellite-ready"}, good("a"), ""},
		"a check warns":                {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckWarn), "a: satellite-ready: warn: no pod is ready"},
		"a check does not apply":       {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckSkipped), ""},
		"no such check":                {fleet.Gate{Check: "legacy-idle"}, good("a"), `status has no answer to legacy-idle`},
		"near":                         {fleet.Gate{LatencyRatio: 0.7}, good("a"), ""},
		"far":                          {fleet.Gate{LatencyRatio: 0.8}, far, "a, provider p: the round trip to the satellite is 0.90 times the one to the primary, more than 0.8"},
		"no distance":                  {fleet.Gate{LatencyRatio: 9}, unmeasured, "the distances of its users are unknown"},
		"a short gap":                  {fleet.Gate{MaxGap: time.Second}, gap(1000), ""},
		"a long gap":                   {fleet.Gate{MaxGap: time.Second}, gap(1001), "users got no answer for 1.001s, longer than 1s"},
		"no gap was measured":          {fleet.Gate{MaxGap: time.Second}, good("a"), "it is unknown how long users got no answer, because the migration did not measure; leave the region out"},
		"a command":                    {fleet.Gate{Exec: []string{shell, "-c", "cat > " + got}}, good("a"), ""},
		"a command fails":              {fleet.Gate{Exec: []string{shell, "-c", "seq 10000; echo the smoke test failed; exit 3"}}, good("a"), "exit status 3: "},
		"there is no such command":     {fleet.Gate{Exec: []string{"./no-such-command"}}, good("a"), "no-such-command"},
		"a region without a satellite": {fleet.Gate{LatencyRatio: 0.1}, &v1alpha1.StatusReport{Regions: []v1alpha1.RegionStatus{{Name: "a"}}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), paced(func(first, _ *fleet.Wave) {
				first.Gates = []fleet.Gate{test.gate, {Exec: []string{shell, "-c", "true"}}}
			})...)
			m.loop.regions["a"] = done
			m.becomes(test.status)
			m.start()
			<-m.ended
			if test.why == "" {
				m.hasBegun("b")
				return
			}
			m.hasBegun()
			why, outcome := m.loop.why(t.Context())
			if !strings.Contains(why, `not started, because wave "1" does not pass its gate: `) || !strings.Contains(why, test.why) || outcome != v1alpha1.OutcomePreflightFailed {
				t.Errorf("%q, %s", why, outcome)
			}
			if len(why) > 2<<10 {
				t.Errorf("%d bytes", len(why))
			}
		})
	}
	if events, err := os.ReadFile(got); err != nil || string(events) != "{\"event\":1}\n" {
		t.Errorf("the command got %q, %v", events, err)
	}
}

// A gate that did not hold stops the runs of that time, wherever they are. A later one looks again.
func TestRefusal(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	waves := wavesOf(1, []string{"a"}, []string{"b", "c"})
	waves[0].Gates = []fleet.Gate{{Check: "satellite-ready"}}
	shard := func(ours ...string) *machine {
		own := slices.Clone(waves)
		own[0].Regions, own[1].Regions = nil, ours
		m := newMachine(t, clock, store, own...)
		m.becomes(bad(v1alpha1.CheckWarn))
		return m
	}
	second := shard("c")
	first := shard("b").start()
	<-first.ended
	clock.Step(time.Second)
	second.start()
	<-second.ended
	second.hasBegun()
	if why, outcome := second.loop.why(t.Context()); !strings.Contains(why, "satellite-ready: warn") || outcome != v1alpha1.OutcomePreflightFailed || second.looks > 0 {
		t.Errorf("%q, %s, %d looks", why, outcome, second.looks)
	}
	clock.Step(time.Second)
	third := shard("c") // which looks at once
	third.becomes(good("a"))
	third.start()
	<-third.ended
	third.hasBegun("c")
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
