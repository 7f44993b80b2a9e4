package migration

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// TestWaitForTellsWhatBlocked proves that a wait that times out reports what was missing before
// the deadline, and not an error that the deadline itself caused.
func TestWaitForTellsWhatBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := &Run{Source: &snapshot.Source{}, Now: &snapshot.Snapshot{}, Runner: &Runner{Clock: clock.RealClock{}}, progress: func(string, bool) {}}
		end := time.Now().Add(3 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		looks := 0
		// The context's timer fires only after its deadline has passed.
		err := run.WaitFor(&lateContext{Context: ctx, deadline: end}, "waiting", nil, func(*snapshot.Snapshot) error {
			looks++
			if time.Now().Before(end) {
				return errors.New("connection refused")
			}
			return errors.New("no time was left")
		})
		if err == nil || !strings.Contains(err.Error(), "(last seen: connection refused)") {
			t.Errorf("after %d looks: %v", looks, err)
		}
		if looks != 4 {
			t.Errorf("%d looks, not 4", looks)
		}
	})
}

// A request to the operator is reported as one, however deeply the error is wrapped.
func TestWaitForAsksAPerson(t *testing.T) {
	var asked []string
	run := &Run{Source: &snapshot.Source{}, Now: &snapshot.Snapshot{}, Runner: &Runner{Clock: clock.RealClock{}}, progress: func(message string, attention bool) {
		if attention {
			asked = append(asked, message)
		}
	}}
	looks := 0
	err := run.WaitFor(t.Context(), "waiting", nil, func(*snapshot.Snapshot) error {
		switch looks++; looks {
		case 1:
			return fmt.Errorf("sydney: %w", &manualError{fmt.Errorf("create a record: %w", errNothing)})
		case 2:
			return errNothing
		}
		return hopeless(errors.New("enough"))
	})
	if want := "waiting: sydney: create a record: " + errNothing.Error(); err == nil || len(asked) != 1 || asked[0] != want {
		t.Errorf("%v, asked %q", err, asked)
	}
	if !errors.Is(&manualError{errNothing}, errNothing) {
		t.Error("the cause is lost")
	}
}

// lateContext reports a deadline that is earlier than its actual end.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c *lateContext) Deadline() (time.Time, bool) { return c.deadline, true }
