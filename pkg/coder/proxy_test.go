package coder_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// asProxyClient is the environment variable with the access URL that a copy of the test program
// calls. It takes a new process, since net/http reads HTTPS_PROXY only once.
const asProxyClient = "CODER_TEST_ASK_THROUGH_PROXY"

// askThroughProxy writes the version, and the result of a request that must not be sent twice.
func askThroughProxy(url string, out io.Writer) {
	client, err := coder.New(coder.Config{URL: url, Token: "the-token", CAFile: os.Getenv("CODER_TEST_CA"), ConnectTo: os.Getenv("CODER_TEST_CONNECT_TO"), Clock: &hurried{}})
	if err != nil {
		fmt.Fprintln(out, "new:", err)
		return
	}
	version, err := client.Version(context.Background())
	fmt.Fprintln(out, "version:", version, err)
	fmt.Fprintln(out, "rebuild:", client.Rebuild(context.Background(), "w"))
}

// proxy is a CONNECT proxy that leads to one fixed address.
type proxy struct {
	target string
	status int // answered instead of connecting; 0 connects
	user   string

	mu       sync.Mutex
	requests []string
	tunnels  sync.WaitGroup
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.requests = append(p.requests, r.Method+" "+r.Host)
	p.mu.Unlock()
	if p.status != 0 {
		w.WriteHeader(p.status)
		return
	}
	if want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user)); p.user != "" && r.Header.Get("Proxy-Authorization") != want {
		w.WriteHeader(http.StatusProxyAuthRequired)
		return
	}
	there, err := net.Dial("tcp", p.target)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusOK)
	here, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		_ = there.Close()
		return
	}
	pipe := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_, _ = to.Close(), from.Close()
	}
	p.tunnels.Go(func() { pipe(there, here) })
	p.tunnels.Go(func() { pipe(here, there) })
}

func (p *proxy) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

func TestProxy(t *testing.T) {
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("coder.example.com")
	if err != nil {
		t.Fatal(err)
	}
	primary, err := codertest.NewPrimary(codertest.Options{Certificate: &certificate, Version: "1.21.9"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	target := strings.TrimPrefix(primary.URL(), "https://")
	const connect = "CONNECT coder.example.com:443"
	const some = -1 // any number: connections may be reused
	for _, test := range []struct {
		name, url    string
		proxy        *proxy
		user         string // the user in HTTPS_PROXY
		down         bool
		want         []string
		connectTo    string
		requests     int // that reach the proxy
		firstRequest string
	}{
		{name: "connects", proxy: &proxy{target: target}, want: []string{"version: 1.21.9 <nil>", "rebuild: PATCH coder.example.com/api/v0/workspaces/w: 401"},
			requests: some, firstRequest: connect},
		{name: "knows the user", proxy: &proxy{target: target, user: "ann:hush-hush"}, user: "ann:hush-hush@", want: []string{"version: 1.21.9 <nil>"},
			requests: some, firstRequest: connect},
		{name: "wants another user", proxy: &proxy{target: target, user: "ann:right"}, user: "ann:hush-hush@",
			want:     []string{"version: 0.0.0 GET coder.example.com/api: the proxy 127.0.0.1:", "407 proxy authentication required; put a user and password into HTTPS_PROXY"},
			requests: 2, firstRequest: connect},
		{name: "forbids", proxy: &proxy{status: 403}, want: []string{"does not connect to it: 403 forbidden; if it needs no proxy, name its host in NO_PROXY"},
			requests: 2, firstRequest: connect},
		// the server received nothing, so even a rebuild may be sent again
		{name: "fails", proxy: &proxy{status: 503}, want: []string{"version: 0.0.0 GET", "rebuild: PATCH", "does not connect to it: 503 service unavailable"},
			requests: 8, firstRequest: connect},
		{name: "is down", proxy: &proxy{}, down: true, want: []string{"the proxy that HTTPS_PROXY names cannot be reached", "connection refused"}},
		{name: "is not asked with connect-to", connectTo: target, proxy: &proxy{status: 503}, want: []string{"version: 1.21.9 <nil>"}},
		{name: "is not asked for loopback", url: primary.URL(), proxy: &proxy{status: 503}, want: []string{"cannot validate certificate for 127.0.0.1"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(test.proxy)
			t.Cleanup(func() {
				server.Close()
				test.proxy.tunnels.Wait()
			})
			if test.down {
				server.Close()
			}
			url := "https://coder.example.com"
			if test.url != "" {
				url = test.url
			}
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			command := exec.CommandContext(t.Context(), program)
			command.Env = append(os.Environ(), asProxyClient+"="+url, "CODER_TEST_CA="+write(t, "ca.pem", string(authority.PEM())),
				"HTTPS_PROXY="+strings.Replace(server.URL, "//", "//"+test.user, 1), "NO_PROXY=", "CODER_TEST_CONNECT_TO="+test.connectTo, "no_proxy=", "https_proxy=")
			output, err := command.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			for _, want := range test.want {
				if !strings.Contains(string(output), want) {
					t.Errorf("no %q in:\n%s", want, output)
				}
			}
			for _, secret := range []string{"hush-hush", "the-token"} {
				if bytes.Contains(output, []byte(secret)) {
					t.Errorf("%q is in:\n%s", secret, output)
				}
			}
			requests := test.proxy.seen()
			right := len(requests) == test.requests || test.requests == some && len(requests) > 0
			if !right || len(requests) > 0 && requests[0] != test.firstRequest {
				t.Errorf("the proxy was asked %q", requests)
			}
		})
	}
}
