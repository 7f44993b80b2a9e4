package rollout

import (
	"context"
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
