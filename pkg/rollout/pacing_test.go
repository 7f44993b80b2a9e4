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
	status func() *v1alpha1.StatusReport
}

// newMachine returns a run of the waves' regions that are selected, whose migrations succeed at once.
func newMachine(t *testing.T, clock *clocktesting.FakeClock, store Store, waves ...fleet.Wave) *machine {
	m := &machine{t: t, clock: clock, ended: make(chan struct{}), status: func() *v1alpha1.StatusReport { return good("a") }}
	m.loop = &loop{
		rules: Rules{Waves: waves}, store: store, regions: map[string]progress{}, reports: map[string]v1alpha1.RegionReport{},
		plans: map[string]v1alpha1.RegionPlan{}, Rollout: &Rollout{
			Clock: clock, Events: func() []byte { return []byte("{\"event\":1}\n") },
			Status: func(context.Context, []fleet.Region) (*v1alpha1.StatusReport, error) {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.looks++
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
			outcome := v1alpha1.OutcomeSucceeded
			if m.loop.plans[name].Migrated != nil {
				outcome = v1alpha1.OutcomeNothingToDo
			}
			return v1alpha1.RegionReport{Name: name, Outcome: outcome}
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
	for patience := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
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

// A wave that stays good for its soak lets the next one begin; whenever it is not good, also if its state is unknown, the
// time begins anew.
func TestSoak(t *testing.T) {
	for _, state := range []v1alpha1.CheckState{v1alpha1.CheckFail, v1alpha1.CheckUnknown} {
		m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(time.Hour)...).start()
		m.says("wave \"1\" soaks until 2026-11-27 09:00:00 UTC, if nothing goes wrong")
		m.pass(40 * time.Minute)
		m.mu.Lock()
		if m.looks < 8 {
			t.Errorf("%d looks in 40 minutes", m.looks)
		}
		m.status = func() *v1alpha1.StatusReport { return bad(state) }
		m.mu.Unlock()
		m.pass(6 * time.Minute)
		m.says("wave \"1\" is not well, so its soak begins anew: a: satellite-ready: no pod is ready")
		m.mu.Lock()
		m.status = func() *v1alpha1.StatusReport { return good("a") }
		m.mu.Unlock()
		m.pass(53 * time.Minute)
		m.hasBegun("a")
		m.pass(8 * time.Minute)
		m.says("wave \"1\" has soaked and passed its gates")
		m.hasBegun("a", "b")
		<-m.ended
	}
}

// A computer that sleeps through a soak goes on when it wakes, unless the wave is not well then.
func TestSleep(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(24*time.Hour)...).start()
	m.hasBegun("a")
	m.mu.Lock()
	m.status = func() *v1alpha1.StatusReport { return bad(v1alpha1.CheckFail) }
	m.mu.Unlock()
	m.step(30 * time.Hour)
	m.says("its soak begins anew")
	m.mu.Lock()
	m.status = func() *v1alpha1.StatusReport { return good("a") }
	m.mu.Unlock()
	m.hasBegun("a")
	m.step(30 * time.Hour)
	m.hasBegun("a", "b")
}

// Somebody else approves the wave, elsewhere. An approval covers the regions of its time only.
func TestApproval(t *testing.T) {
	store, waves := newMemory(), paced(func(_, second *fleet.Wave) { second.Approval = true })
	m := newMachine(t, clocktesting.NewFakeClock(begins), store, waves...).start()
	m.says(`wave "2" waits for an approval`)
	m.says("TO DO approve the wave 2 with `kubectl coder-satellite approve --wave 2 --reason WHY`")
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
	m.start().says(`wave "1" waits until its window opens, 2026-11-27 10:00:00 UTC`)
	m.pass(time.Hour + 59*time.Minute)
	m.hasBegun()
	m.pass(time.Minute)
	m.hasBegun("a", "b")
	<-m.ended
}

// A gate that does not hold ends the run, with the reason, and what is unknown does not hold. Its command gets the events.
func TestGates(t *testing.T) {
	gap := func(ms int64) *int64 { return &ms }
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell here")
	}
	got := filepath.Join(t.TempDir(), "events")
	far := good("a")
	far.Regions[0].Providers[0].Distance.SatelliteMicroseconds = 90
	unmeasured := good("a")
	unmeasured.Regions[0].Providers[0].Distance = nil
	skipped := bad(v1alpha1.CheckSkipped)
	for name, test := range map[string]struct {
		gate   fleet.Gate
		status *v1alpha1.StatusReport
		gap    *int64
		why    string // empty if it holds
	}{
		"a check":                      {fleet.Gate{Check: "satellite-ready"}, good("a"), nil, ""},
		"a check fails":                {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckFail), nil, "a: satellite-ready: fail: no pod is ready"},
		"a check warns":                {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckWarn), nil, "a: satellite-ready: warn: no pod is ready"},
		"a check is unknown":           {fleet.Gate{Check: "satellite-ready"}, bad(v1alpha1.CheckUnknown), nil, "a: satellite-ready: unknown"},
		"a check was not asked":        {fleet.Gate{Check: "satellite-ready"}, skipped, nil, "a: satellite-ready: skipped"},
		"no such check":                {fleet.Gate{Check: "legacy-idle"}, good("a"), nil, `status has no check "legacy-idle"`},
		"near":                         {fleet.Gate{LatencyRatio: 0.7}, good("a"), nil, ""},
		"far":                          {fleet.Gate{LatencyRatio: 0.8}, far, nil, "a, provider p: the round trip to the satellite is 0.90 times the one to the primary, more than 0.8"},
		"no distance":                  {fleet.Gate{LatencyRatio: 9}, unmeasured, nil, "no distance was measured"},
		"a short gap":                  {fleet.Gate{MaxGap: time.Second}, good("a"), gap(1000), ""},
		"a long gap":                   {fleet.Gate{MaxGap: time.Second}, good("a"), gap(1001), "users got no answer for 1.001s, longer than 1s"},
		"no gap was measured":          {fleet.Gate{MaxGap: time.Second}, good("a"), nil, "a: no gap was measured"},
		"a command":                    {fleet.Gate{Exec: []string{shell, "-c", "cat > " + got}}, good("a"), nil, ""},
		"a command fails":              {fleet.Gate{Exec: []string{shell, "-c", "echo the smoke test failed; exit 3"}}, good("a"), nil, "exit status 3: the smoke test failed"},
		"there is no such command":     {fleet.Gate{Exec: []string{"./no-such-command"}}, good("a"), nil, "no-such-command"},
		"a region without a satellite": {fleet.Gate{LatencyRatio: 0.1}, &v1alpha1.StatusReport{Regions: []v1alpha1.RegionStatus{{Name: "a"}}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemory()
			m := newMachine(t, clocktesting.NewFakeClock(begins), store, paced(func(first, _ *fleet.Wave) { first.Gates = []fleet.Gate{test.gate} })...)
			m.loop.plans["a"] = v1alpha1.RegionPlan{Migrated: &metav1.Time{Time: begins.Add(-time.Hour)}}
			store.state["1"] = WaveState{Ended: map[string]Ended{"a": {At: begins.Add(-time.Hour), Outcome: v1alpha1.OutcomeSucceeded, LongestGapMilliseconds: test.gap}}}
			m.status = func() *v1alpha1.StatusReport { return test.status }
			m.start()
			if test.why == "" {
				m.hasBegun("a", "b")
				<-m.ended
				return
			}
			<-m.ended
			m.hasBegun("a")
			why, outcome := m.loop.why(t.Context())
			if !strings.Contains(why, `not started, because wave "1" does not pass its gate: `) || !strings.Contains(why, test.why) || outcome != v1alpha1.OutcomePreflightFailed {
				t.Errorf("%q, %s", why, outcome)
			}
		})
	}
	if events, err := os.ReadFile(got); err != nil || string(events) != "{\"event\":1}\n" {
		t.Errorf("the command got %q, %v", events, err)
	}
}

// A colleague goes on with a rollout whose first run was interrupted during a soak: with the same home, or else from what
// the journals say. The soak goes on from where it was.
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
			second.loop.plans["a"] = v1alpha1.RegionPlan{Migrated: &metav1.Time{Time: begins}}
			second.start().says("wave \"1\" soaks until 2026-11-27 09:00:00 UTC")
			second.pass(29 * time.Minute)
			second.hasBegun("a")
			second.pass(90 * time.Second)
			second.hasBegun("a", "b")
		})
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(migration.ErrInterrupted)
	return ctx
}

// Two machines share a home: the one with the second wave waits until the other has finished the first, and looks at it in
// its place.
func TestTwoMachines(t *testing.T) {
	clock, store := clocktesting.NewFakeClock(begins), newMemory()
	ours := func(wave int) []fleet.Wave {
		waves := wavesOf(1, []string{"a", "c"}, []string{"b"})
		waves[0].Soak = time.Minute
		waves[1-wave].Regions = nil
		return waves
	}
	second := newMachine(t, clock, store, ours(1)...).start()
	second.says(`wave "1" is not complete: no run with this home has finished a, c`)
	second.pass(time.Hour)
	second.hasBegun()
	first := newMachine(t, clocktesting.NewFakeClock(clock.Now()), store, ours(0)...).start()
	<-first.ended // nothing of its own is left to wait for
	first.hasBegun("a", "c")
	second.pass(50 * time.Second)
	second.hasBegun()
	second.pass(30 * time.Second)
	second.hasBegun("b")
}

// Failures elsewhere count, too; a failed region of another machine is not waited for.
func TestFailuresElsewhere(t *testing.T) {
	for _, allowed := range []int{0, 1} {
		store, waves := newMemory(), wavesOf(1, []string{"a", "c"}, []string{"b"})
		waves[0].Regions = nil
		store.state["1"] = WaveState{Ended: map[string]Ended{
			"a": {At: begins, Outcome: v1alpha1.OutcomeFailed}, "c": {At: begins, Outcome: v1alpha1.OutcomeSucceeded},
		}}
		m := newMachine(t, clocktesting.NewFakeClock(begins), store, waves...)
		m.loop.rules.MaxFailures = allowed
		m.start()
		<-m.ended
		why, outcome := m.loop.why(t.Context())
		if allowed == 1 {
			m.hasBegun("b")
		} else if m.hasBegun(); !strings.Contains(why, "regions failed in other runs with the same home") || outcome != v1alpha1.OutcomePreflightFailed {
			t.Errorf("%q, %s", why, outcome)
		}
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

// A wave of which nothing was migrated shows nothing.
func TestNothingToLookAt(t *testing.T) {
	m := newMachine(t, clocktesting.NewFakeClock(begins), newMemory(), soaking(time.Minute)...)
	m.loop.regions["a"] = done // it was left out
	m.start()
	<-m.ended
	if why, _ := m.loop.why(t.Context()); !strings.Contains(why, `wave "1" shows nothing: none of its regions was migrated`) {
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
	m.says("interrupted: no further region starts; the steps in hand are finished")
	close(hold)
	<-m.ended
	if _, ran := m.loop.reports["b"]; ran || m.loop.reports["a"].Outcome != v1alpha1.OutcomeInterrupted {
		t.Errorf("%+v", m.loop.reports)
	}
}
