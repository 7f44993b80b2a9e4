package coder_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Each call meets each transient failure once. It is repeated only if sending it twice has the
// same effect as sending it once.
func TestRepeats(t *testing.T) {
	d := start(t, codertest.Options{})
	faults := map[string]codertest.Fault{
		"reset before the effect": {ResetBefore: true},
		"reset after the effect":  {ResetAfter: true},
		"broken off":              {Truncate: true},
		"429":                     {Status: 429},
		"500":                     {Status: 500},
		"502 with a page":         {Status: 502, Body: "<html>"},
		"503":                     {Status: 503, RetryAfter: "1"},
		"504":                     {Status: 504},
	}
	for name, fault := range faults {
		for _, c := range d.calls() {
			fault.Method, fault.Path, fault.Times = c.method, c.path, 1
			d.ClearFaults()
			d.ResetRequests()
			d.AddFault(fault)
			client := d.client(t)
			_, err := c.do(t.Context(), client)
			client.CloseIdle()
			want := 2
			if c.once {
				want = 1
			}
			if got := d.Count(c.method, c.path); got != want {
				t.Errorf("%s, %s: sent %d times, want %d (%v)", c.name, name, got, want, err)
			}
			if c.once && err == nil {
				t.Errorf("%s, %s: no error", c.name, name)
			}
		}
	}
}

// Permanent failures are not retried.
func TestDoesNotRepeat(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 413, 422, 501} {
		requests := 0
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(status)
		})
		if _, err := client.Me(t.Context()); err == nil || requests != 1 {
			t.Errorf("%d: %d requests, %v", status, requests, err)
		}
	}
}

func TestAttempts(t *testing.T) {
	for attempts, want := range map[int]int{0: 4, 1: 1, 2: 2, 70: 70} {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			requests++
			w.WriteHeader(http.StatusServiceUnavailable)
		}))
		clock := &hurried{}
		client := open(t, coder.Config{URL: server.URL, Attempts: attempts, Clock: clock})
		_, err := client.Me(t.Context())
		var got *coder.Error
		if !errors.As(err, &got) || got.Status != 503 || requests != want || len(clock.waits) != want-1 {
			t.Errorf("%d attempts: %d requests, %d waits, %v", attempts, requests, len(clock.waits), err)
		}
		server.Close()
	}
}

// Waits double up to ten seconds, and up to half of each is random jitter.
func TestBackoff(t *testing.T) {
	clock := &hurried{}
	server := httptest.NewServer(says(500, "text/plain", "no"))
	t.Cleanup(server.Close)
	client := open(t, coder.Config{URL: server.URL, Attempts: 12, Clock: clock})
	distinct := map[time.Duration]bool{}
	for range 20 {
		clock.waits = nil
		if _, err := client.Me(t.Context()); err == nil {
			t.Fatal("no error")
		}
		distinct[clock.waits[0]] = true
		for i, got := range clock.waits {
			longest := min(200*time.Millisecond<<i, 10*time.Second)
			if got < longest/2 || got >= longest {
				t.Fatalf("wait %d is %s, want %s to %s", i, got, longest/2, longest)
			}
		}
	}
	if len(distinct) < 10 {
		t.Errorf("20 first waits had only %d lengths", len(distinct))
	}
}

func TestRetryAfter(t *testing.T) {
	later := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	jitter := [2]time.Duration{100 * time.Millisecond, 200 * time.Millisecond}
	exactly := func(d time.Duration) [2]time.Duration { return [2]time.Duration{d, d} }
	for value, want := range map[string][2]time.Duration{
		"1":                    exactly(time.Second),
		"10":                   exactly(10 * time.Second),
		"11":                   exactly(10 * time.Second),
		"99999999999":          exactly(10 * time.Second),
		"99999999999999999999": jitter,
		"0":                    jitter,
		"-5":                   jitter,
		"soon":                 jitter,
		"":                     jitter,
		later(5 * time.Second): {3 * time.Second, 5 * time.Second},
		later(time.Hour):       exactly(10 * time.Second),
		later(-time.Hour):      jitter,
	} {
		clock := &hurried{}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
		}))
		_, err := open(t, coder.Config{URL: server.URL, Attempts: 2, Clock: clock}).Me(t.Context())
		server.Close()
		if err == nil || len(clock.waits) != 1 || clock.waits[0] < want[0] || clock.waits[0] > want[1] {
			t.Errorf("Retry-After %q: waits %v, want %v (%v)", value, clock.waits, want, err)
		}
	}
}

// If the connection is refused, nothing was sent, so every call may be retried.
func TestRefusedConnectionRepeats(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range calls("p", "w") {
		clock := &hurried{}
		client := open(t, coder.Config{URL: "http://" + closed.Addr().String(), Clock: clock})
		if _, err := c.do(t.Context(), client); err == nil || len(clock.waits) != 3 {
			t.Errorf("%s: %d waits, %v", c.name, len(clock.waits), err)
		}
	}
}

// A wait for a retry ends with the context. The error is the server's, because it says more.
func TestContextEndsWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(server.Close)
	started := time.Now()
	time.AfterFunc(50*time.Millisecond, cancel)
	_, err := open(t, coder.Config{URL: server.URL}).Me(ctx)
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("%v", err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("waited %s", took)
	}
}

func TestContextEnded(t *testing.T) {
	d := start(t, codertest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range d.calls() {
		if _, err := c.do(ctx, d.client(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := d.client(t).WatchBuild(ctx, d.workspace.ID); !errors.Is(err, context.Canceled) {
		t.Errorf("WatchBuild: %v", err)
	}
	if len(d.clock.waits) != 0 {
		t.Errorf("waits %v", d.clock.waits)
	}
}
