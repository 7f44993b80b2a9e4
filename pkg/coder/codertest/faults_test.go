package codertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// ask sends a request once, on a new connection. On a reused one the transport would repeat a GET
// that was reset.
func (d *deployment) ask(ctx context.Context, t *testing.T, method, path, body string) (*http.Response, error) {
	t.Helper()
	d.client.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, method, d.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Session-Token", d.tokens[codertest.RoleManager])
	return d.client.Do(request)
}

// Answers that are not the API's.
func TestFaultAnswers(t *testing.T) {
	d := start(t, codertest.Options{})
	d.AddProvider(codertest.Provider{Name: "sydney"})
	for _, test := range []struct {
		name        string
		fault       codertest.Fault
		status      int
		contentType string
		body        string
		retryAfter  string
	}{
		{"the API's own form", codertest.Fault{Status: 503}, 503, "application/json", "a fault was requested", ""},
		{"Retry-After", codertest.Fault{Status: 429, RetryAfter: "7"}, 429, "application/json", "a fault", "7"},
		{"HTML of a proxy", codertest.Fault{Status: 502, ContentType: "text/html", Body: "<h1>Bad Gateway</h1>"}, 502, "text/html", "<h1>Bad Gateway</h1>", ""},
		{"HTML, guessed", codertest.Fault{Status: 302, Body: "<html></html>"}, 302, "text/html", "<html>", ""},
		{"garbage", codertest.Fault{Body: "\x00\x01\x02"}, 200, "application/octet-stream", "\x00\x01\x02", ""},
		{"half a JSON", codertest.Fault{Body: `{"kubernetes": [{"id"`, ContentType: "application/json"}, 200, "application/json", `{"kubernetes": [{"id"`, ""},
		{"other JSON", codertest.Fault{Body: `{"kubernetes": 7}`}, 200, "application/json", `{"kubernetes": 7}`, ""},
		{"nothing", codertest.Fault{Status: 200, ContentType: "text/plain"}, 200, "text/plain", "", ""},
		{"a delay alone", codertest.Fault{Delay: time.Millisecond}, 200, "application/json", "sydney", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			defer d.AddFault(test.fault)()
			got := d.call(t, codertest.RoleManager, http.MethodGet, pools, nil)
			if got.status != test.status || !strings.HasPrefix(got.header.Get("Content-Type"), test.contentType) ||
				!strings.Contains(got.body, test.body) || got.header.Get("Retry-After") != test.retryAfter {
				t.Errorf("got %+v", got)
			}
		})
	}
	d.manager(t, http.MethodGet, pools, nil, 200)
}

// A reset comes before or after the effect, and the client cannot tell the difference.
func TestResets(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  codertest.Fault
		effect bool
	}{
		{"before", codertest.Fault{Method: "PATCH", ResetBefore: true}, false},
		{"after", codertest.Fault{Method: "PATCH", ResetAfter: true}, true},
		{"of an answer without a body", codertest.Fault{Method: "PATCH", Truncate: true}, true},
		{"after a delay", codertest.Fault{Method: "PATCH", ResetBefore: true, Delay: time.Millisecond}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := start(t, codertest.Options{})
			provider := d.AddProvider(codertest.Provider{Name: "sydney"})
			d.AddFault(test.fault)
			response, err := d.ask(t.Context(), t, http.MethodPatch, pools+"/"+provider.ID, `{"enable_net_v2":true}`)
			if err == nil {
				_ = response.Body.Close()
				t.Fatalf("answered: %s", response.Status)
			}
			if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, io.EOF) {
				t.Errorf("the error is %v", err)
			}
			if got := *d.Providers()[0].EnableNetV2; got != test.effect {
				t.Errorf("the option is %v, want %v", got, test.effect)
			}
			eventually(t, "the log", func() bool { return !d.Requests()[0].Pending })
			if got := d.Requests(); len(got) != 1 || got[0].Status != 0 {
				t.Errorf("the log is %+v", got)
			}
		})
	}
}

// A build log can be closed before it begins. A reset of a WebSocket is an answer that makes no
// sense.
func TestResetOfAWebSocket(t *testing.T) {
	d := start(t, codertest.Options{})
	canary := d.canary(codertest.RoleManager)
	for _, fault := range []codertest.Fault{{ResetBefore: true}, {ResetAfter: true}, {Status: 502, Body: "<html>"}} {
		remove := d.AddFault(fault)
		response, err := d.ask(t.Context(), t, http.MethodGet, "/api/private/workspaces/"+canary.ID+"/watch-update", "")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode != fault.Status {
				t.Errorf("%+v: %s", fault, response.Status)
			}
		}
		remove()
	}
}

// A truncated answer stops in the middle, after the request took effect.
func TestTruncate(t *testing.T) {
	d := start(t, codertest.Options{PatchWithBody: true})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.AddFault(codertest.Fault{Truncate: true})
	response, err := d.ask(t.Context(), t, http.MethodPatch, pools+"/"+provider.ID, `{"enable_net_v2":true}`)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if !errors.Is(err, io.ErrUnexpectedEOF) || len(data) == 0 || json.Valid(data) || response.StatusCode != 200 {
		t.Errorf("%s: %q, %v", response.Status, data, err)
	}
	if !*d.Providers()[0].EnableNetV2 {
		t.Error("the request had no effect")
	}
}

// Endless bodies, fast and slow, stop when the client disconnects or the primary closes.
func TestEndlessBodies(t *testing.T) {
	d := start(t, codertest.Options{})
	remove := d.AddFault(codertest.Fault{Endless: true})
	response, err := d.ask(t.Context(), t, http.MethodGet, pools, "")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, response.Body, 4<<20); err != nil {
		t.Errorf("after %d bytes: %v", n, err)
	}
	_ = response.Body.Close()
	eventually(t, "the end of the request", func() bool { return !d.Requests()[0].Pending })
	remove()

	d.AddFault(codertest.Fault{Drip: true})
	slow, err := d.ask(t.Context(), t, http.MethodGet, pools, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = slow.Body.Close() }()
	if _, err := io.ReadFull(slow.Body, make([]byte, 1)); err != nil {
		t.Errorf("the first byte: %v", err)
	}
	d.Close()
	if _, err := io.ReadAll(slow.Body); err == nil {
		t.Error("the body ended without an error")
	}
}

// A satellite forwards a slow answer byte by byte.
func TestDripThroughASatellite(t *testing.T) {
	d := start(t, codertest.Options{})
	satellite, url, client := d.satellite(t, nil)
	d.register(t, "sydney", satellite)
	d.AddFault(codertest.Fault{Path: "/api", Drip: true})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.ReadFull(response.Body, make([]byte, 1)); err != nil {
		t.Errorf("the first byte: %v", err)
	}
}

// A delay ends when the client gives up, and the request then has no effect.
func TestDelayEndsWithTheClient(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.AddFault(codertest.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		response, err := d.ask(ctx, t, http.MethodGet, pools+"/"+provider.ID, "")
		if err == nil {
			_ = response.Body.Close()
		}
		ended <- err
	}()
	eventually(t, "the request", func() bool { return len(d.Requests()) == 1 })
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	eventually(t, "the end of the request", func() bool { return !d.Requests()[0].Pending })
	if got := d.Requests()[0]; got.Status != 0 {
		t.Errorf("the log says %+v", got)
	}
}

// A rule selects requests by method and path, from the n-th on, a number of times.
func TestFaultRules(t *testing.T) {
	for _, test := range []struct {
		name  string
		rules []codertest.Fault
		// want are the statuses of GET pools, GET pools, PATCH pool, GET pool, GET pools.
		want [5]int
	}{
		{"none", nil, [5]int{200, 200, 204, 200, 200}},
		{"all", []codertest.Fault{{Status: 500}}, [5]int{500, 500, 500, 500, 500}},
		{"the first", []codertest.Fault{{Status: 500, Times: 1}}, [5]int{500, 200, 204, 200, 200}},
		{"the second and third", []codertest.Fault{{Status: 500, After: 1, Times: 2}}, [5]int{200, 500, 500, 200, 200}},
		{"from the third on", []codertest.Fault{{Status: 500, After: 2}}, [5]int{200, 200, 500, 500, 500}},
		{"by method", []codertest.Fault{{Status: 500, Method: "PATCH"}}, [5]int{200, 200, 500, 200, 200}},
		{"by path", []codertest.Fault{{Status: 500, Path: "/api/private/resource-pools"}}, [5]int{500, 500, 204, 200, 500}},
		{"by pattern", []codertest.Fault{{Status: 500, Path: "/api/private/*/*"}}, [5]int{200, 200, 500, 500, 200}},
		{"everything below", []codertest.Fault{{Status: 500, Path: "/api/private/**"}}, [5]int{500, 500, 500, 500, 500}},
		{"a bad pattern means none", []codertest.Fault{{Status: 500, Path: "["}}, [5]int{200, 200, 204, 200, 200}},
		{"one after the other", []codertest.Fault{{Status: 500, Times: 1}, {Status: 503, Times: 1}}, [5]int{500, 503, 204, 200, 200}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := start(t, codertest.Options{})
			pool := pools + "/" + d.AddProvider(codertest.Provider{Name: "sydney"}).ID
			for _, rule := range test.rules {
				d.AddFault(rule)
			}
			for i, request := range [][2]string{{"GET", pools}, {"GET", pools}, {"PATCH", pool}, {"GET", pool}, {"GET", pools}} {
				if got := d.call(t, codertest.RoleManager, request[0], request[1], `{}`); got.status != test.want[i] {
					t.Errorf("request %d: status %d, want %d", i, got.status, test.want[i])
				}
			}
			d.ClearFaults()
			d.manager(t, http.MethodGet, pools, nil, 200)
		})
	}
}
