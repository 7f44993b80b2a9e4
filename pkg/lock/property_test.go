package lock

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// contender is one run in a generated history.
type contender struct {
	Name  string
	Skew  time.Duration // offset of its clock
	Start time.Duration // when it first tries to get the lock
	Work  time.Duration // how long it works with the lock
	Pause time.Duration // between two writes
	// Dies is the time from the start of the history at which it dies; 0 for never.
	Dies time.Duration
	// Faults apply to its first requests, one each.
	Faults []fault
}

func drawContender(t *rapid.T, i int) contender {
	seconds := func(from, to int, label string) time.Duration {
		return time.Duration(rapid.IntRange(from*10, to*10).Draw(t, label)) * 100 * time.Millisecond
	}
	c := contender{
		Name: fmt.Sprintf("op%d@laptop/%d", i, i),
		Skew: seconds(-600, 600, "skew"), Start: seconds(0, 40, "start"),
		Work: seconds(0, 60, "work"), Pause: seconds(1, 4, "pause"),
	}
	if rapid.Bool().Draw(t, "mortal") {
		c.Dies = seconds(1, 80, "dies")
	}
	for range rapid.IntRange(0, 40).Draw(t, "faults") {
		var f fault
		switch rapid.SampledFrom([]string{"none", "none", "none", "delay", "late", "slow", "drop", "lost", "conflict", "failure"}).Draw(t, "fault") {
		case "delay":
			f.delay = seconds(0, 20, "delay")
		case "late":
			f.delay, f.late = seconds(0, 20, "delay"), true
		case "slow":
			f.slow = seconds(0, 20, "slow")
		case "drop":
			f.drop = true
		case "lost":
			f.lost = true
		case "conflict":
			f.refuse = 409
		case "failure":
			f.refuse = 500
		}
		c.Faults = append(c.Faults, f)
	}
	return c
}

// play lets the contenders compete. It returns every violation, and how often the lock was
// acquired and the region written.
func play(t *testing.T, contenders []contender) (wrong []string, got, written int) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		var (
			mu  sync.Mutex
			all sync.WaitGroup
		)
		for _, c := range contenders {
			var (
				next atomic.Int64
				dead atomic.Bool
			)
			if c.Dies > 0 {
				time.AfterFunc(c.Dies, func() { dead.Store(true) })
			}
			client, _ := server.client(t, func(*http.Request) fault {
				if dead.Load() {
					return fault{drop: true}
				}
				if i := int(next.Add(1)) - 1; i < len(c.Faults) {
					return c.Faults[i]
				}
				return fault{}
			})
			target := &region{arrived: func() {
				mu.Lock()
				defer mu.Unlock()
				written++
				if holder := server.holder(); holder != c.Name {
					wrong = append(wrong, fmt.Sprintf("%s wrote while %q held the lock", c.Name, holder))
				}
			}}
			all.Go(func() {
				<-time.After(c.Start)
				o := options(c.Name)
				o.Clock = skewed{by: func() time.Duration { return c.Skew }}
				l, err := Acquire(context.Background(), client, o)
				if err != nil {
					return
				}
				mu.Lock()
				got++
				mu.Unlock()
				fence := l.Fence(target)
				for end := time.Now().Add(c.Work); time.Now().Before(end) && !dead.Load() && l.Err() == nil; {
					_, _ = send(t, fence, http.MethodPost, writePath)
					<-time.After(c.Pause)
				}
				_ = l.Release(context.Background())
			})
		}
		all.Wait()
		client, _ := server.client(t, nil)
		began := time.Now()
		l, err := Acquire(context.Background(), client, options("last@laptop/9"))
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("the lock cannot be got when all are gone: %v", err))
			return
		}
		if took := time.Since(began); took > DefaultDuration*5/4 {
			wrong = append(wrong, fmt.Sprintf("it took %s to get the lock when all are gone", took))
		}
		release(t, l)
	})
	return wrong, got, written
}

// Whatever faults and clock offsets there are, and whichever runs die: a write arrives only while
// its run holds the lock, and in the end the lock becomes free.
func TestOneWriter(t *testing.T) {
	var histories, got, written int
	rapid.Check(t, func(rt *rapid.T) {
		contenders := make([]contender, rapid.IntRange(2, 4).Draw(rt, "contenders"))
		for i := range contenders {
			contenders[i] = drawContender(rt, i)
		}
		wrong, g, w := play(t, contenders)
		histories, got, written = histories+1, got+g, written+w
		if len(wrong) > 0 {
			rt.Fatalf("%v in %+v", wrong, contenders)
		}
	})
	t.Logf("%d histories: the lock was got %d times, and %d writes arrived", histories, got, written)
	if got == 0 || written == 0 {
		t.Error("the generated histories contain too few writes to prove anything")
	}
}
