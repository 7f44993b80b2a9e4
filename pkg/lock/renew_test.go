package lock

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
)

// isLost reports whether a lock has been lost.
func isLost(l *Lock) bool {
	select {
	case <-l.Lost():
		return true
	default:
		return false
	}
}

func TestRenewKeeps(t *testing.T) {
	var began time.Time
	during := func(from, to time.Duration, f fault) func(*http.Request) fault {
		return func(*http.Request) fault {
			if at := time.Since(began); at >= from && at < to {
				return f
			}
			return fault{}
		}
	}
	var requests atomic.Int64
	for name, on := range map[string]func(*http.Request) fault{
		"nothing happens":           nil,
		"network gone for a moment": during(4*time.Second, 9*time.Second, fault{drop: true}),
		"answers lost for a moment": during(4*time.Second, 9*time.Second, fault{lost: true}),
		"server stuck for a moment": during(4*time.Second, 7*time.Second, fault{delay: time.Minute}),
		"server fails for a moment": during(4*time.Second, 9*time.Second, fault{refuse: 500}),
		"somebody else edits it": func(r *http.Request) fault {
			if requests.Add(1)%4 == 0 && r.Method == http.MethodPut {
				return fault{refuse: 409}
			}
			return fault{}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began = time.Now()
				server := &apiServer{}
				client, _ := server.client(t, on)
				l := mustAcquire(t, client, options("ann@laptop/1"))
				defer release(t, l)
				<-time.After(2 * time.Minute)
				if isLost(l) || l.Err() != nil {
					t.Fatalf("lost: %v", l.Err())
				}
				if age := time.Since(server.now().Spec.RenewTime.Time); age > DefaultDuration/3 {
					t.Errorf("the renewal is %s old", age)
				}
				if err := l.Check(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRenewLoses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		happen func(*apiServer)
		on     fault // from then on
		want   string
	}{
		{
			name: "taken over",
			happen: func(s *apiServer) {
				s.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
			},
			want: "the lock coder-satellite/coder-satellite-lock was taken over by bob@laptop/2: stopped before the next write",
		},
		{
			name: "unlocked",
			happen: func(s *apiServer) {
				s.edit(func(l *coordinationv1.Lease) {
					l.Spec.HolderIdentity = ptr.To("")
					l.Annotations = map[string]string{annotationBrokenBy: "bob@example.com", annotationBrokenReason: "it hangs"}
				})
			},
			want: `was unlocked by bob@example.com (reason: "it hangs")`,
		},
		{name: "deleted", happen: func(s *apiServer) { s.mu.Lock(); s.lease = nil; s.mu.Unlock() }, want: "is gone"},
		{name: "network gone", happen: func(*apiServer) {}, on: fault{drop: true}, want: "was not renewed for"},
		{name: "server stuck", happen: func(*apiServer) {}, on: fault{delay: time.Hour}, want: "was not renewed for"},
		{name: "writes forbidden", happen: func(*apiServer) {}, on: fault{refuse: 403}, want: "was not renewed for"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				sky := new(weather)
				client, link := server.client(t, sky.on)
				l := mustAcquire(t, client, options("ann@laptop/1"))
				defer release(t, l)
				defer sky.set(fault{})
				tc.happen(server)
				sky.set(tc.on)
				began := time.Now()
				<-l.Lost()
				if took := time.Since(began); took >= DefaultDuration {
					t.Errorf("it took %s, and others take over after %s", took, DefaultDuration)
				}
				lost := new(LostError)
				if err := l.Err(); !errors.As(err, &lost) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("got %v, want %q", err, tc.want)
				}
				_ = link.sent()
				if err := l.Check(t.Context()); !errors.As(err, &lost) {
					t.Errorf("Check returns %v", err)
				}
				asks := "" // a check sends a request only if the new holder is not known yet
				if lost.Silent > 0 {
					asks = "GET"
				}
				if got := link.sent(); got != asks {
					t.Errorf("after the lock was lost, Check sent %q, want %q", got, asks)
				}
			})
		})
	}
}

// If renewals failed without an answer, another run may hold the lock by now. The next check
// names it.
func TestCheckSaysWhoHasIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		sky := new(weather)
		client, _ := server.client(t, sky.on)
		l := mustAcquire(t, client, options("ann@laptop/1"))
		defer release(t, l)
		sky.set(fault{drop: true})
		<-l.Lost()
		sky.set(fault{})
		server.edit(func(lease *coordinationv1.Lease) { lease.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
		lost := new(LostError)
		if err := l.Check(t.Context()); !errors.As(err, &lost) || lost.By != "bob@laptop/2" || !strings.Contains(err.Error(), "was taken over by bob@laptop/2") {
			t.Errorf("Check returns %v", err)
		}
	})
}

func TestRelease(t *testing.T) {
	failing := func(times int, f fault) func(*http.Request) fault {
		return func(r *http.Request) fault {
			if r.Method != http.MethodPut || times == 0 {
				return fault{}
			}
			times--
			return f
		}
	}
	for _, tc := range []struct {
		name string
		on   func(*http.Request) fault
		want string // the holder afterwards
		fail bool
	}{
		{name: "answer lost", on: failing(1, fault{lost: true})},
		{name: "conflicts", on: failing(3, fault{refuse: 409})},
		{name: "dropped", on: failing(2, fault{drop: true})},
		{name: "always conflicts", on: failing(-1, fault{refuse: 409}), want: "ann@laptop/1", fail: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				client, _ := server.client(t, tc.on)
				l := mustAcquire(t, client, options("ann@laptop/1"))
				if err := l.Release(t.Context()); (err != nil) != tc.fail {
					t.Errorf("unexpected error: %v", err)
				}
				if got := server.holder(); got != tc.want {
					t.Errorf("held by %q", got)
				}
			})
		})
	}
	t.Run("another's is left alone", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := &apiServer{}
			client, _ := server.client(t, nil)
			l := mustAcquire(t, client, options("ann@laptop/1"))
			server.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
			release(t, l)
			if got := server.holder(); got != "bob@laptop/2" {
				t.Errorf("held by %q", got)
			}
		})
	})
	t.Run("nothing can be read", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server := &apiServer{}
			sky := new(weather)
			client, _ := server.client(t, sky.on)
			l := mustAcquire(t, client, options("ann@laptop/1"))
			sky.set(fault{drop: true})
			if err := l.Release(t.Context()); !errors.Is(err, errNetwork) {
				t.Errorf("unexpected error: %v", err)
			}
		})
	})
}
