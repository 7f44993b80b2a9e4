package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestPace(t *testing.T) {
	for _, c := range []struct {
		name        string
		limit, done int
		late        []time.Duration
		want        int
	}{
		{name: "begins small", limit: 128, want: 16},
		{name: "never above its limit from the start", limit: 3, want: 3},
		{name: "grows with every region in time", limit: 128, done: 30, want: 46},
		{name: "no further than its limit", limit: 40, done: 30, want: 40},
		{name: "a timer in time changes nothing", limit: 128, done: 30, late: []time.Duration{10 * time.Millisecond}, want: 46},
		{name: "halved when a timer is late", limit: 128, late: []time.Duration{time.Second}, want: 8},
		{name: "and again, but some regions always go", limit: 128, late: []time.Duration{time.Second, time.Second, time.Second, time.Second}, want: 4},
		{name: "no more than its limit then either", limit: 2, late: []time.Duration{time.Second}, want: 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			pace := snapshot.NewPace(c.limit)
			for range min(c.limit, 16) {
				pace.Begin()
			}
			for range c.done {
				pace.End()
				pace.Begin()
			}
			for _, lateness := range c.late {
				pace.Observe(lateness)
			}
			if pace.Bound() != c.want {
				t.Errorf("%d regions at once, not %d", pace.Bound(), c.want)
			}
		})
	}
}

// If a region finishes while timers are late, no other may begin beyond the lowered limit. The
// first timer on time raises the limit again.
func TestPaceWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pace := snapshot.NewPace(16)
		for range 16 {
			pace.Begin()
		}
		pace.Observe(time.Second)
		begun := make(chan struct{})
		go func() {
			pace.Begin()
			close(begun)
		}()
		for range 8 {
			pace.End()
		}
		synctest.Wait()
		select {
		case <-begun:
			t.Fatal("a ninth region began while the limit was eight")
		default:
		}
		pace.Observe(0)
		pace.End()
		<-begun
	})
}
