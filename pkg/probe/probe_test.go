package probe_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

func TestEndpoint(t *testing.T) {
	now := time.Now()
	good, roots := signed(t, now.Add(-time.Hour), now.Add(time.Hour), host)
	old, oldRoots := signed(t, now.AddDate(0, 0, -9), now.AddDate(0, 0, -1), host)
	early, earlyRoots := signed(t, now.AddDate(0, 0, 1), now.AddDate(0, 0, 9), host)
	other, otherRoots := signed(t, now.Add(-time.Hour), now.Add(time.Hour), "other.example.com\x1b[2J")
	silent := accept(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	plain := httptest.NewServer(http.HandlerFunc(ok))
	t.Cleanup(plain.Close)
	free := unused(t)
	const url = "https://" + host
	for _, test := range []struct {
		name   string
		target probe.Target
		stage  string
		text   string // part of the error
	}{
		{"all is well", probe.Target{URL: url, ConnectTo: serveTLS(t, good, ok), RootCAs: roots}, "", ""},
		{"an error is an answer", probe.Target{URL: url, RootCAs: roots, ConnectTo: serveTLS(t, good, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx")
			w.WriteHeader(http.StatusBadGateway)
		})}, "", ""},
		{"a redirect is not followed", probe.Target{URL: url, RootCAs: roots, ConnectTo: serveTLS(t, good, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+free, http.StatusFound)
		})}, "", ""},
		{"plain HTTP", probe.Target{URL: plain.URL}, "", ""},
		{"no such name", probe.Target{URL: "https://sydney.invalid"}, "DNS", "the name sydney.invalid "},
		{"nothing listens", probe.Target{URL: "https://" + free}, "TCP", "nothing answers at " + free},
		{"nothing listens at connect-to", probe.Target{URL: url, ConnectTo: free}, "TCP", "nothing answers at " + free},
		{"unknown authority", probe.Target{URL: url, ConnectTo: serveTLS(t, good, ok)}, "TLS", "not trusted here"},
		{"expired", probe.Target{URL: url, ConnectTo: serveTLS(t, old, ok), RootCAs: oldRoots}, "TLS", "expired"},
		{"not valid yet", probe.Target{URL: url, ConnectTo: serveTLS(t, early, ok), RootCAs: earlyRoots}, "TLS", "not yet valid"},
		{"wrong name", probe.Target{URL: url, ConnectTo: serveTLS(t, other, ok), RootCAs: otherRoots}, "TLS", "for another name than " + host + ": certificate for other.example.com"},
		{"no TLS", probe.Target{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, "TLS", "does not speak TLS"},
		{"silent under TLS", probe.Target{URL: "https://" + silent, Timeout: 250 * time.Millisecond}, "TLS", "no TLS handshake within 250ms"},
		{"hangs up under TLS", probe.Target{URL: "https://" + accept(t, func(c net.Conn) { _ = c.Close() })}, "TLS", "no TLS handshake"},
		{"silent", probe.Target{URL: "http://" + silent, Timeout: 250 * time.Millisecond}, "HTTP", "did not answer within 250ms"},
		{"hangs up", probe.Target{URL: "http://" + accept(t, func(c net.Conn) { _ = c.Close() })}, "HTTP", "does not speak HTTP"},
		{"SSH", probe.Target{URL: "http://" + accept(t, func(c net.Conn) { _, _ = fmt.Fprint(c, "SSH-2.0-x\x1b[2J\r\n") })}, "HTTP", "does not speak HTTP"},
		{"no URL", probe.Target{}, "DNS", "not a URL"},
		{"no host", probe.Target{URL: "https://:443"}, "DNS", "not a URL"},
		{"another scheme", probe.Target{URL: "ftp://" + host}, "DNS", "not a URL"},
		{"broken URL", probe.Target{URL: "https://%zz"}, "DNS", "not a URL"},
		{"connect-to without port", probe.Target{URL: url, ConnectTo: "10.0.0.1"}, "DNS", `"10.0.0.1" is not HOST:PORT`},
		{"connect-to without host", probe.Target{URL: url, ConnectTo: ":443"}, "DNS", "not HOST:PORT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := probe.Endpoint(t.Context(), test.target)
			text := ""
			if got.Err != nil {
				text = got.Err.Error()
				if failure := new(probe.Error); !errors.As(got.Err, &failure) {
					t.Errorf("%T is not a *Error", got.Err)
				}
			}
			if got.Stage != test.stage || (got.Err == nil) != (test.stage == "") {
				t.Errorf("failed at %q: %v", got.Stage, got.Err)
			}
			if !strings.Contains(text, test.text) || strings.ContainsAny(text, "\x1b\r\n") {
				t.Errorf("says %q, want %q", text, test.text)
			}
		})
	}
}

// A probe requests the root page, without credentials.
func TestRequest(t *testing.T) {
	certificate, roots := signed(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), host, "*.example.com")
	var request *http.Request
	address := serveTLS(t, certificate, func(_ http.ResponseWriter, r *http.Request) { request = r.Clone(context.Background()) })
	got := probe.Endpoint(t.Context(), probe.Target{URL: "https://" + host + ":8443/ignored?x=1", ConnectTo: address, RootCAs: roots})
	if got.Err != nil || got.Certificate.String() != host+", *.example.com" {
		t.Errorf("%+v", got)
	}
	if request == nil || request.Host != host+":8443" || request.URL.String() != "/" || request.TLS.ServerName != host {
		t.Errorf("request %+v", request)
	}
	for _, header := range []string{"Authorization", "Session-Token", "Cookie"} {
		if request != nil && request.Header.Get(header) != "" {
			t.Errorf("sends %s", header)
		}
	}
}

// An endless answer counts as an answer, since its body is not read.
func TestEndlessAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	started := time.Now()
	if got := probe.Endpoint(t.Context(), probe.Target{URL: server.URL}); got.Err != nil || time.Since(started) > 4*time.Second {
		t.Errorf("after %s: %+v", time.Since(started), got)
	}
}

func TestEndlessHeader(t *testing.T) {
	address := accept(t, func(c net.Conn) {
		_, _ = fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := fmt.Fprintf(c, "X: %s\r\n", strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	})
	started := time.Now()
	got := probe.Endpoint(t.Context(), probe.Target{URL: "http://" + address})
	if got.Stage != "HTTP" || !strings.Contains(got.Err.Error(), "does not speak HTTP") || time.Since(started) > 4*time.Second {
		t.Errorf("after %s: %+v", time.Since(started), got)
	}
}

func TestLongTexts(t *testing.T) {
	address := accept(t, func(c net.Conn) { _, _ = fmt.Fprintf(c, "HTTP/1.1 %s\r\n\r\n", strings.Repeat("ä", 5000)) })
	got := probe.Endpoint(t.Context(), probe.Target{URL: "http://" + address})
	if got.Stage != "HTTP" || len(got.Err.Error()) > 510 {
		t.Errorf("%.600v", got.Err)
	}
}

// The caller's deadline applies, and is the one that the error names.
func TestCallersDeadline(t *testing.T) {
	silent := accept(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, scheme := range []string{"https", "http"} {
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Millisecond)
		started := time.Now()
		err := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}).Err
		cancel()
		if took := time.Since(started); probe.Unseen(err) || took > 3*time.Second || strings.Contains(err.Error(), " 5s") {
			t.Errorf("%s: after %s: %v", scheme, took, err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v is not the error of a deadline", scheme, err)
		}
	}
}

// An interruption is not blamed on the target.
func TestInterrupted(t *testing.T) {
	for _, scheme := range []string{"https", "http"} {
		ctx, cancel := context.WithCancel(t.Context())
		silent := accept(t, func(c net.Conn) {
			cancel()
			_, _ = io.Copy(io.Discard, c)
		})
		err := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}).Err
		if !probe.Unseen(err) || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", scheme, err)
		}
		if again := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}); !probe.Unseen(again.Err) {
			t.Errorf("%s, from the start: %s: %v", scheme, again.Stage, again.Err)
		}
	}
}

func TestUnseenOfOthers(t *testing.T) {
	if probe.Unseen(errors.New("x")) || probe.Unseen(nil) {
		t.Error("another error is mistaken for a probe's")
	}
}

func FuzzTarget(f *testing.F) {
	for _, seed := range [][2]string{{"https://a.example.com", ""}, {"http://[::1]:80", "127.0.0.1:1"}, {"https://a b", "x"}, {"", ":"}, {"https://1.2.3.4:x", "[::1"}} {
		f.Add(seed[0], seed[1])
	}
	ctx, cancel := context.WithCancel(f.Context())
	cancel() // nothing is dialed
	f.Fuzz(func(t *testing.T, url, connectTo string) {
		result := probe.Endpoint(ctx, probe.Target{URL: url, ConnectTo: connectTo})
		if !probe.Unseen(result.Err) && result.Stage != "DNS" {
			t.Errorf("%s: %v", result.Stage, result.Err)
		}
	})
}
