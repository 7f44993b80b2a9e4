package lock

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/utils/ptr"
)

// region records the writes that pass a fence.
type region struct {
	mu  sync.Mutex
	got []string
	// arrived is called at each write, if it is set.
	arrived func()
}

func (g *region) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	g.mu.Lock()
	g.got = append(g.got, r.Method)
	g.mu.Unlock()
	if g.arrived != nil {
		g.arrived()
	}
	return &http.Response{StatusCode: http.StatusOK, Request: r, Body: http.NoBody}, nil
}

// body records whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

func send(t *testing.T, transport http.RoundTripper, method, path string) (*body, error) {
	t.Helper()
	b := &body{Reader: strings.NewReader("{}")}
	request, err := http.NewRequestWithContext(t.Context(), method, "https://cluster.test"+path, b)
	if err != nil {
		t.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err == nil {
		_ = response.Body.Close()
	}
	return b, err
}

const writePath = "/api/v1/namespaces/coder-satellite/secrets"

func TestFenceAsks(t *testing.T) {
	for _, tc := range []struct{ method, path, asks string }{
		{"GET", writePath, ""},
		{"HEAD", writePath, ""},
		{"OPTIONS", writePath, ""},
		{"POST", writePath, "GET"},
		{"PUT", writePath, "GET"},
		{"PATCH", writePath, "GET"},
		{"DELETE", writePath, "GET"},
		{"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ""},
		{"POST", "/api/v0/satellites", "GET"},
	} {
		t.Run(tc.method+" "+tc.path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				client, link := server.client(t, nil)
				l := mustAcquire(t, client, options("ann@laptop/1"))
				defer release(t, l)
				_ = link.sent()
				target := &region{}
				if _, err := send(t, l.Fence(target), tc.method, tc.path); err != nil {
					t.Fatal(err)
				}
				if got := link.sent(); got != tc.asks || len(target.got) != 1 {
					t.Errorf("it asked %q and sent %q", got, target.got)
				}
			})
		})
	}
}

func TestFenceRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		happen func(*apiServer)
		on     fault
		lost   bool
	}{
		{name: "stolen", lost: true, happen: func(s *apiServer) {
			s.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
		}},
		{name: "released", lost: true, happen: func(s *apiServer) {
			s.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = nil })
		}},
		{name: "deleted", lost: true, happen: func(s *apiServer) { s.mu.Lock(); s.lease = nil; s.mu.Unlock() }},
		{name: "not known", happen: func(*apiServer) {}, on: fault{drop: true}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &apiServer{}
				sky := new(weather)
				client, _ := server.client(t, sky.on)
				l := mustAcquire(t, client, options("ann@laptop/1"))
				defer release(t, l)
				defer sky.set(fault{})
				tc.happen(server)
				sky.set(tc.on)
				target := &region{}
				b, err := send(t, l.Fence(target), http.MethodPost, writePath)
				if lost := new(LostError); err == nil || errors.As(err, &lost) != tc.lost || isLost(l) != tc.lost {
					t.Errorf("unexpected error: %v", err)
				}
				if len(target.got) != 0 || !b.closed {
					t.Errorf("sent %q; body closed: %v", target.got, b.closed)
				}
			})
		})
	}
}

// A machine that sleeps does not renew its lease. After it wakes, the first write must not rely
// on a lease that another run may be about to take over.
func TestFenceAfterSleep(t *testing.T) {
	var slept atomic.Int64 // nanoseconds
	clock := skewed{by: func() time.Duration { return time.Duration(slept.Load()) }}
	for _, tc := range []struct {
		name  string
		on    fault
		asks  string // the requests; "" if a renewal in the background makes them unpredictable
		fails bool
	}{
		{name: "still ours", asks: "GET GET PUT"},
		{name: "cannot be renewed", on: fault{refuse: 403}, asks: "GET GET PUT", fails: true},
		{name: "renewed too slowly", on: fault{slow: DefaultDuration}, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				slept.Store(0)
				server := &apiServer{}
				sky := new(weather)
				client, link := server.client(t, func(r *http.Request) fault { return onWrites(sky.on(r))(r) })
				o := options("ann@laptop/1")
				o.Duration, o.Clock = DefaultDuration, clock
				l := mustAcquire(t, client, o)
				defer release(t, l)
				defer sky.set(fault{})
				_ = link.sent()
				slept.Store(int64(time.Hour))
				sky.set(tc.on)
				target := &region{}
				_, err := send(t, l.Fence(target), http.MethodPost, writePath)
				if (err != nil) != tc.fails || (len(target.got) == 0) != tc.fails {
					t.Errorf("sent %q: %v", target.got, err)
				}
				if got := link.sent(); tc.asks != "" && got != tc.asks {
					t.Errorf("it asked %q", got)
				}
			})
		})
	}
	t.Run("asleep again while renewing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slept.Store(0)
			server := &apiServer{}
			client, _ := server.client(t, func(r *http.Request) fault {
				if r.Method == http.MethodPut && slept.Load() > 0 {
					slept.Add(int64(time.Hour))
				}
				return fault{}
			})
			o := options("ann@laptop/1")
			o.Clock = clock
			l := mustAcquire(t, client, o)
			defer release(t, l)
			slept.Store(int64(time.Hour))
			target := &region{}
			if _, err := send(t, l.Fence(target), http.MethodPost, writePath); err == nil || !strings.Contains(err.Error(), "too slowly") || len(target.got) != 0 {
				t.Errorf("sent %q: %v", target.got, err)
			}
		})
	})
	t.Run("stolen while renewing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			slept.Store(0)
			server := &apiServer{}
			var requests atomic.Int64
			client, _ := server.client(t, func(*http.Request) fault {
				if requests.Add(1) == 4 {
					server.edit(func(l *coordinationv1.Lease) { l.Spec.HolderIdentity = ptr.To("bob@laptop/2") })
				}
				return fault{}
			})
			o := options("ann@laptop/1")
			o.Clock = clock
			l := mustAcquire(t, client, o) // takes two requests
			defer release(t, l)
			slept.Store(int64(time.Hour))
			target := &region{}
			_, err := send(t, l.Fence(target), http.MethodPost, writePath)
			if lost := new(LostError); !errors.As(err, &lost) || lost.By != "bob@laptop/2" || len(target.got) != 0 {
				t.Errorf("sent %q: %v", target.got, err)
			}
		})
	})
}

// Each write is preceded by a read of the lease, also when many are sent at once.
func TestFenceConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &apiServer{}
		client, link := server.client(t, nil)
		l := mustAcquire(t, client, options("ann@laptop/1"))
		defer release(t, l)
		_ = link.sent()
		target := &region{}
		transport := l.Fence(target)
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if _, err := send(t, transport, http.MethodPut, writePath); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if looks := len(strings.Fields(link.sent())); looks != 20 || len(target.got) != 20 {
			t.Errorf("%d looks for %d writes", looks, len(target.got))
		}
	})
}
