package coder_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestEndlessAnswer(t *testing.T) {
	d := start(t, codertest.Options{})
	d.AddFault(codertest.Fault{Endless: true})
	for _, c := range d.calls() {
		d.ResetRequests()
		_, err := c.do(t.Context(), d.client(t))
		if err == nil || !strings.Contains(err.Error(), "longer than 8 MiB") {
			t.Errorf("%s: %v", c.name, err)
		}
		if sent := d.Count("", ""); sent != 1 {
			t.Errorf("%s: read %d times", c.name, sent)
		}
	}
}

// A small compressed answer may unpack to a huge one.
func TestCompressedEndlessAnswer(t *testing.T) {
	var mebibyte bytes.Buffer
	zipped := gzip.NewWriter(&mebibyte)
	_, err := zipped.Write(make([]byte, 1<<20))
	if err := errors.Join(err, zipped.Close()); err != nil {
		t.Fatal(err)
	}
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for range 256 { // the decompressed parts are joined into one text
			if _, err := w.Write(mebibyte.Bytes()); err != nil {
				return
			}
		}
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = client.Me(t.Context())
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "longer than 8 MiB") {
		t.Errorf("%v", err)
	}
	if grew := after.TotalAlloc - before.TotalAlloc; grew > 100<<20 {
		t.Errorf("took %d MiB", grew>>20)
	}
}

func TestLongestAnswer(t *testing.T) {
	const limit = 8 << 20
	for size, want := range map[int]bool{limit: true, limit + 1: false} {
		body := `{"id":"me"}`
		_, err := serve(t, says(200, "application/json", body+strings.Repeat(" ", size-len(body)))).Me(t.Context())
		if (err == nil) != want {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

// However slowly a server answers, an attempt ends, and the error says after how long.
func TestSlowAnswers(t *testing.T) {
	for name, fault := range map[string]codertest.Fault{
		"drips":          {Drip: true},
		"does not begin": {Delay: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := start(t, codertest.Options{})
			config := d.config()
			config.Timeout, config.Attempts = 150*time.Millisecond, 2
			d.AddFault(fault)
			for _, c := range d.calls() {
				if c.name != "Providers" && c.name != "SetNetworkingV2" && c.name != "Rebuild" {
					continue // one of each kind is enough, since each takes a while
				}
				d.ResetRequests()
				d.clock.waits = nil
				started := time.Now()
				_, err := c.do(t.Context(), open(t, config))
				took := time.Since(started)
				if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "in time") && !strings.Contains(err.Error(), "within 150ms") {
					t.Errorf("%s: %v", c.name, err)
				}
				var failure *coder.TransportError
				if !errors.As(err, &failure) || failure.Method != c.method || failure.Path != c.path {
					t.Errorf("%s: %#v", c.name, err)
				}
				want := 2
				if c.once {
					want = 1
				}
				if sent := d.Count(c.method, c.path); sent > want || len(d.clock.waits) != want-1 || took > 5*time.Second {
					t.Errorf("%s: sent %d times, with %d waits, in %s", c.name, sent, len(d.clock.waits), took)
				}
			}
			started := time.Now()
			if _, err := open(t, config).WatchBuild(t.Context(), d.workspace.ID); err == nil {
				t.Error("WatchBuild opens")
			}
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("WatchBuild took %s", took)
			}
		})
	}
}

// If the caller's deadline ends a call, the error does not blame the time limit of an attempt.
func TestCallersDeadline(t *testing.T) {
	d := start(t, codertest.Options{})
	d.AddFault(codertest.Fault{Drip: true})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := d.client(t).Me(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "20s") {
		t.Errorf("%v", err)
	}
	if len(d.clock.waits) != 0 {
		t.Errorf("waits %v", d.clock.waits)
	}
}

// A truncated answer is an error.
func TestBrokenOffAnswer(t *testing.T) {
	d := start(t, codertest.Options{})
	d.AddFault(codertest.Fault{Truncate: true})
	_, err := d.client(t).Providers(t.Context())
	var failure *coder.TransportError
	if !errors.As(err, &failure) || failure.Reason != "the answer was cut off" || d.Count("", "") != 4 {
		t.Errorf("%v, sent %d times", err, d.Count("", ""))
	}
}

func TestNoise(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		_, _ = connection.Write([]byte("the-token is not HTTP\x1b[2J\r\n\r\n"))
		_ = connection.Close()
	}))
	t.Cleanup(server.Close)
	_, err := open(t, coder.Config{URL: server.URL, Token: "the-token", Attempts: 1}).Me(t.Context())
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\r\n") || strings.Contains(err.Error(), "the-token") {
		t.Errorf("%v", err)
	}
}
