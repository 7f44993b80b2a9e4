package coder_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func pool(t *testing.T, ca []byte) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatal("the authority is not PEM")
	}
	return roots
}

func TestNewRefuses(t *testing.T) {
	const url = "https://coder.example.com"
	for _, test := range []struct {
		name   string
		config coder.Config
		want   string
	}{
		{"no URL", coder.Config{}, "the URL is empty"},
		{"CA file missing", coder.Config{URL: url, CAFile: filepath.Join(t.TempDir(), "none.pem")}, "none.pem"},
		{"CA file is a folder", coder.Config{URL: url, CAFile: t.TempDir()}, "cannot be read"},
		{"CA file is garbage", coder.Config{URL: url, CAFile: write(t, "bad.pem", "garbage")}, "bad.pem holds no certificate in PEM form"},
		{"CA file is empty", coder.Config{URL: url, CAFile: write(t, "bad.pem", "")}, "holds no certificate"},
		{"CA file is a key", coder.Config{URL: url, CAFile: write(t, "bad.pem", somePEM)}, "holds no certificate"},
		{"token is a file", coder.Config{URL: url, Token: "one\ntwo"}, "name the right file"},
		{"token is no text", coder.Config{URL: url, Token: "\xff\xfe"}, "name the right file"},
	} {
		_, err := coder.New(test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if _, err := coder.New(coder.Config{URL: url, CAFile: filepath.Join(t.TempDir(), "none.pem")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v is not os.ErrNotExist", err)
	}
}

// The headers that the client sends, and those that it must not send.
func TestHeaders(t *testing.T) {
	const header = "Bearer proxy-secret"
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Clone()
		w.Header().Set("coder-version", "1.21.3")
		_, _ = fmt.Fprint(w, `{"id":"me","key":"k","fingerprint":"f"}`)
	}))
	t.Cleanup(server.Close)
	client := open(t, coder.Config{URL: server.URL, Token: "the-token", AuthHeader: header, UserAgent: "plugin/1"})
	for _, test := range []struct {
		name          string
		token, header string
		do            func() error
	}{
		{"Me", "the-token", header, func() error { _, err := client.Me(t.Context()); return err }},
		{"Rebuild", "the-token", header, func() error { return client.Rebuild(t.Context(), "w") }},
		{"Version is public", "", header, func() error { _, err := client.Version(t.Context()); return err }},
		{"ServedKey is public", "", header, func() error { _, err := client.ServedKey(t.Context()); return err }},
		{"SatelliteKey is anonymous", "", "", func() error { _, err := client.SatelliteKey(t.Context()); return err }},
	} {
		if err := test.do(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		want := map[string]string{"Session-Token": test.token, "Authorization": test.header, "User-Agent": "plugin/1", "Accept": "application/json"}
		saw := map[string]string{}
		for name := range want {
			saw[name] = got.Get(name)
		}
		if diff := cmp.Diff(want, saw); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A redirect is an error, and the client sends nothing to the host in it.
func TestRedirect(t *testing.T) {
	heard := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard++ }))
	t.Cleanup(other.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL+r.URL.Path, status)
		})
		for _, c := range calls("p", "w") {
			_, err := c.do(t.Context(), client)
			var got *coder.Error
			if !errors.As(err, &got) || got.Status != status || !strings.Contains(err.Error(), "does not redirect") {
				t.Errorf("%d, %s: %v", status, c.name, err)
			}
		}
		if _, err := client.WatchBuild(t.Context(), "w"); err == nil {
			t.Errorf("%d: WatchBuild follows", status)
		}
	}
	if heard != 0 {
		t.Errorf("%d requests went to the other host", heard)
	}
}

func TestCertificates(t *testing.T) {
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	ca := write(t, "ca.pem", string(authority.PEM()))
	right, err := authority.Issue("coder.example.com")
	if err != nil {
		t.Fatal(err)
	}
	wrong, err := authority.Issue("other.example.com", "10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	old := expired(t)
	for _, test := range []struct {
		name        string
		certificate tls.Certificate
		ca, want    string
	}{
		{"good", right, ca, ""},
		{"unknown authority", right, "", "name the authority's file with --coder-ca-file"},
		{"wrong name", wrong, ca, "certificate is valid for other.example.com, not coder.example.com"},
		{"expired", old, write(t, "expired.pem", inPEM(old)), "its certificate has expired, or is not valid yet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewUnstartedServer(says(200, "application/json", `{"id":"me"}`))
			server.TLS = &tls.Config{Certificates: []tls.Certificate{test.certificate}}
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.StartTLS()
			t.Cleanup(server.Close)
			clock := &hurried{}
			_, err := open(t, coder.Config{
				URL: "https://coder.example.com", CAFile: test.ca, ConnectTo: server.Listener.Addr().String(), Clock: clock,
			}).Me(t.Context())
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			var failure *coder.TransportError
			if !errors.As(err, &failure) || !strings.Contains(failure.Reason, test.want) {
				t.Errorf("%T: %v", err, err)
			}
			if len(clock.waits) != 0 {
				t.Error("tried again, although a certificate does not fix itself")
			}
		})
	}
}

// A refused connection, a name that does not exist, a server without TLS.
func TestNoAnswer(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for _, test := range []struct{ name, url, connectTo, want string }{
		{"refused", "https://" + address, "", "connection refused"},
		{"refused elsewhere", "https://coder.example.com", address, "connection refused"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), "", "HTTP response to HTTPS client"},
		{"bad connect-to", "https://coder.example.com", "nonsense", "missing port"},
		{"no such name", "https://coder.invalid", "", `the host "coder.invalid" cannot be resolved`},
	} {
		_, err := open(t, coder.Config{URL: test.url, ConnectTo: test.connectTo, Attempts: 1}).Me(t.Context())
		var failure *coder.TransportError
		if !errors.As(err, &failure) || !strings.Contains(failure.Reason, test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
		if err != nil && strings.Count(err.Error(), "/api/v0/users/me") != 1 {
			t.Errorf("%s: %v names the request more than once", test.name, err)
		}
	}
}

func TestWrapped(t *testing.T) {
	d := start(t, codertest.Options{})
	closed := errors.New("the fence is closed")
	if got := d.client(t).URL(); got != d.URL() {
		t.Errorf("URL %q", got)
	}
	var seen []string
	fenced := d.client(t).Wrapped(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			seen = append(seen, r.Method+" "+r.URL.Path)
			if r.Method != http.MethodGet {
				return nil, closed
			}
			return next.RoundTrip(r)
		})
	})
	if _, err := fenced.Me(t.Context()); err != nil {
		t.Error(err)
	}
	if err := fenced.Rebuild(t.Context(), d.workspace.ID); !errors.Is(err, closed) || !strings.Contains(err.Error(), "the fence is closed") {
		t.Errorf("%v", err)
	}
	want := []string{"GET /api/v0/users/me", "PATCH /api/v0/workspaces/" + d.workspace.ID}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(d.Writes()) != 0 {
		t.Error("a write passed the fence")
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// What is wrapped around a client's connections is also around those to satellites.
func TestWrapFollows(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	client, err := coder.New(coder.Config{URL: server.URL, Wrap: func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			asked.Add(1)
			return next.RoundTrip(r)
		})
	}})
	if err != nil {
		t.Fatal(err)
	}
	at, errAt := client.At(server.URL, "")
	anonymous, errAnonymous := client.Anonymous(server.URL, "")
	if errAt != nil || errAnonymous != nil {
		t.Fatal(errAt, errAnonymous)
	}
	for i, each := range []*coder.Client{client, at, anonymous} {
		if _, err := each.Version(t.Context()); err == nil || asked.Load() != int32(i+1) {
			t.Errorf("client %d: %v, %d requests", i, err, asked.Load())
		}
	}
}
