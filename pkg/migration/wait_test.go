package migration

import (
	"context"
	"errors"
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

// lateContext says a deadline that its end comes later than.
type lateContext struct {
	context.Context
	deadline time.Time
}

// Deadline implements context.Context.
func (c *lateContext) Deadline() (time.Time, bool) { return c.deadline, true }
