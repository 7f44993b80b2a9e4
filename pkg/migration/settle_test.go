package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

var errBoom = errors.New("boom")

// settling is a settler whose facts change when a remedy runs.
type settling struct {
	settler
	run *Run
	log []string
	// holder is the error when the lock is checked.
	holder error
	// fails has the errors of remedies, by step.
	fails map[string]error
}

func newSettling(t *testing.T, now *snapshot.Snapshot) *settling {
	t.Helper()
	record := incomplete()
	now.ProviderJournal, now.SatelliteJournal = snapshot.Known(&record), snapshot.Known(&record)
	p := &part{
		owner: OwnerProvider, name: "sydney", steps: Migrate(false, Refuse).Steps, record: &record, ctx: t.Context(),
		Run: Run{
			Runner: &Runner{Clock: clocktesting.NewFakeClock(testNow)}, Initial: migrated(t), Now: now,
			SatelliteRecord: &record, ProviderRecord: &record,
		},
	}
	s := &settling{fails: map[string]error{}, run: &p.Run}
	s.settler = settler{
		part: p, switches: []*part{p}, rest: []*part{p}, report: &v1alpha1.RegionReport{},
		read: func(_ context.Context, _ *part, items ...snapshot.Item) {
			s.log = append(s.log, fmt.Sprintf("read %d", len(items)))
		},
		do: func(ctx context.Context, _ *part, r remedy) (string, error) {
			if ctx.Err() != nil {
				t.Error("a remedy runs after its deadline")
			}
			s.log = append(s.log, "do "+r.step)
			if err := s.fails[r.step]; err != nil {
				return "", err
			}
			if r.act == switchOff {
				offIn(now)
			}
			return "done", nil
		},
		holds: func(context.Context) error { return s.holder },
		finish: func(_ *part, result v1alpha1.StepResult) {
			result.Provider = "sydney"
			s.report.Steps = append(s.report.Steps, result)
		},
		evidence: func(context.Context) (string, error) {
			s.log = append(s.log, "evidence")
			return "evidence/sydney", nil
		},
	}
	return s
}

func TestSettle(t *testing.T) {
	for name, test := range map[string]struct {
		failed  string
		cause   error
		options Options
		but     func(*settling)
		log     []string
		states  []string
		left    []string // parts
		stillOn bool
	}{
		"a proof fails: the switch, then evidence, then the rest": {
			failed: "rebuild-canary", cause: errBoom,
			log:    []string{"read 1", "do enable-networking-v2", "evidence", "read 7"},
			states: []string{"enable-networking-v2 Undone"},
		},
		"what is not a proof is judged by fresh facts": {
			failed: "expose-satellite", cause: errBoom, but: func(s *settling) { noAnswer(s.run.Now) },
			log:    []string{"read 1", "read 6", "do enable-networking-v2", "evidence", "read 7"},
			states: []string{"enable-networking-v2 Undone"},
		},
		"the switch cannot be reverted": {
			failed: "rebuild-canary", cause: errBoom, but: func(s *settling) { s.fails["enable-networking-v2"] = errNothing },
			log:     []string{"read 1", "do enable-networking-v2", "evidence", "read 7"},
			states:  []string{"enable-networking-v2 UndoFailed"},
			left:    []string{"enable-networking-v2 could not be undone: nothing answers"},
			stillOn: true,
		},
		"a signal": {failed: "rebuild-canary", cause: ErrInterrupted, log: []string{"read 1", "read 6"}},
		"a signal, and nothing answers": {
			failed: "expose-satellite", cause: ErrInterrupted, but: func(s *settling) { noAnswer(s.run.Now) },
			log: []string{"read 1", "read 6", "do enable-networking-v2"}, states: []string{"enable-networking-v2 Undone"},
		},
		"the lock is lost to nobody": {
			failed: "rebuild-canary", cause: &lock.LostError{},
			log: []string{"read 1", "do enable-networking-v2"}, states: []string{"enable-networking-v2 Undone"},
			left: []string{"the lock was lost, so nothing else was reverted"},
		},
		"the lock is lost to another run": {
			failed: "rebuild-canary", cause: &lock.LostError{By: "bob@laptop/1"},
			left: []string{"another run has taken the region over"},
		},
		"the lock is lost in silence, and another run has it": {
			failed: "rebuild-canary", cause: &lock.LostError{Silent: 20 * time.Second},
			but:  func(s *settling) { s.holder = &lock.LostError{By: "bob@laptop/1"} },
			left: []string{"another run has taken the region over"},
		},
		"--no-rollback": {
			failed: "rebuild-canary", cause: errBoom, options: Options{NoRollback: true},
			log: []string{"evidence"}, left: []string{"nothing was undone because of --no-rollback"},
		},
		"a complete migration": {
			failed: "verify-connectivity", cause: errBoom, but: func(s *settling) { s.run.ProviderRecord.Migrated = true },
			log: []string{"evidence", "read 7"},
		},
		"what was done before stays, and is named": {
			failed: "verify-satellite", cause: errBoom, but: func(s *settling) {
				offIn(s.run.Now)
				s.report.Steps = []v1alpha1.StepResult{{Name: "install-satellite", State: v1alpha1.StepDone}, {Name: "retain-legacy", Provider: "sydney", State: v1alpha1.StepDone}, {Name: "verify-satellite", State: v1alpha1.StepFailed}}
			},
			log: []string{"read 1", "evidence", "read 7"}, states: []string{"install-satellite Done", "retain-legacy Done", "verify-satellite Failed"},
			left: []string{"done, and kept for the next run: install-satellite, retain-legacy"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSettling(t, migrated(t))
			s.run.Options = test.options
			if test.but != nil {
				test.but(s)
			}
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(test.cause) // the end of the run must not end this, whatever its cause
			s.part.ctx = ctx
			err := s.settle(test.failed, test.cause)
			if !errors.Is(err, test.cause) || is[*stillOnError](err) != test.stillOn {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.log, s.log); diff != "" {
				t.Errorf("log: %s", diff)
			}
			if diff := cmp.Diff(test.states, states(s.report)); diff != "" {
				t.Errorf("the report: %s", diff)
			}
			left := strings.Join(s.report.Left, "\n")
			for _, part := range test.left {
				if !strings.Contains(left, part) {
					t.Errorf("left %q lacks %q", left, part)
				}
			}
			if len(test.left) == 0 && left != "" {
				t.Errorf("left %q", left)
			}
		})
	}
}

// That the switch may still be on is reported before everything else.
func TestStillOn(t *testing.T) {
	s := newSettling(t, migrated(t))
	s.fails["enable-networking-v2"] = errNothing
	err := s.settle("rebuild-canary", errBoom)
	want := `NETWORKING V2 MAY STILL BE ON: provider "sydney" could not be switched back: nothing answers; it had to be switched back because of: boom`
	if err == nil || err.Error() != want || outcomeOf(err) != v1alpha1.OutcomeFailed {
		t.Errorf("got %v", err)
	}
}
