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

// TestWaitForTellsWhatBlocked proves that a wait that ends tells what was
// missing before its time was over, and not what its end broke.
func TestWaitForTellsWhatBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		run := &Run{Source: &snapshot.Source{}, Now: &snapshot.Snapshot{}, Clock: clock.RealClock{}, progress: func(string, bool) {}}
		end := time.Now().Add(3 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		looks := 0
		// Its timer has not run yet when its deadline has passed.
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

// What a person must do is told as such, however deep the error lies.
func TestWaitForAsksAPerson(t *testing.T) {
	var asked []string
	run := &Run{Source: &snapshot.Source{}, Now: &snapshot.Snapshot{}, Clock: clock.RealClock{}, progress: func(message string, attention bool) {
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

// lateContext says a deadline that its end comes later than.
type lateContext struct {
	context.Context
	deadline time.Time
}

// Deadline implements context.Context.
func (c *lateContext) Deadline() (time.Time, bool) { return c.deadline, true }
