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

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// passed is which stages were passed.
type passed struct{ DNS, TCP, TLS, HTTP bool }

func stages(r probe.Result) passed { return passed{r.DNS.OK, r.TCP.OK, r.TLS.OK, r.HTTP.OK} }

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
	all, untilDNS, untilTCP, untilTLS := passed{true, true, true, true}, passed{DNS: true}, passed{DNS: true, TCP: true}, passed{true, true, true, false}
	for _, test := range []struct {
		name   string
		target probe.Target
		want   passed
		stage  string
		reason probe.Reason
		text   string // in the error, or in the last stage's detail
	}{
		{"all is well", probe.Target{URL: url, ConnectTo: serveTLS(t, good, ok), RootCAs: roots}, all, "", "", "200 OK"},
		{"an error is an answer", probe.Target{URL: url, RootCAs: roots, ConnectTo: serveTLS(t, good, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Server", "nginx")
			w.WriteHeader(http.StatusBadGateway)
		})}, all, "", "", "502 Bad Gateway, server nginx"},
		{"a redirect is not followed", probe.Target{URL: url, RootCAs: roots, ConnectTo: serveTLS(t, good, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://"+free, http.StatusFound)
		})}, all, "", "", "302 Found"},
		{"plain HTTP", probe.Target{URL: plain.URL}, all, "", "", "200 OK"},
		{"no such name", probe.Target{URL: "https://sydney.invalid"}, passed{}, "DNS", "", "the name sydney.invalid "},
		{"nothing listens", probe.Target{URL: "https://" + free}, untilDNS, "TCP", probe.Refused, "nothing answers at " + free},
		{"nothing listens at connect-to", probe.Target{URL: url, ConnectTo: free}, untilDNS, "TCP", probe.Refused, "nothing answers at " + free},
		{"unknown authority", probe.Target{URL: url, ConnectTo: serveTLS(t, good, ok)}, untilTCP, "TLS", probe.UnknownAuthority, "not trusted here"},
		{"expired", probe.Target{URL: url, ConnectTo: serveTLS(t, old, ok), RootCAs: oldRoots}, untilTCP, "TLS", probe.Expired, "expired"},
		{"not valid yet", probe.Target{URL: url, ConnectTo: serveTLS(t, early, ok), RootCAs: earlyRoots}, untilTCP, "TLS", probe.Expired, "not yet valid"},
		{"wrong name", probe.Target{URL: url, ConnectTo: serveTLS(t, other, ok), RootCAs: otherRoots}, untilTCP, "TLS", probe.WrongName, "for another name than " + host + ": certificate for other.example.com"},
		{"no TLS", probe.Target{URL: strings.Replace(plain.URL, "http:", "https:", 1)}, untilTCP, "TLS", probe.NotTLS, "does not speak TLS"},
		{"silent under TLS", probe.Target{URL: "https://" + silent, Timeout: 250 * time.Millisecond}, untilTCP, "TLS", probe.TimedOut, "no TLS handshake within 250ms"},
		{"hangs up under TLS", probe.Target{URL: "https://" + accept(t, func(c net.Conn) { _ = c.Close() })}, untilTCP, "TLS", probe.Failed, "no TLS handshake"},
		{"silent", probe.Target{URL: "http://" + silent, Timeout: 250 * time.Millisecond}, untilTLS, "HTTP", probe.TimedOut, "did not answer within 250ms"},
		{"hangs up", probe.Target{URL: "http://" + accept(t, func(c net.Conn) { _ = c.Close() })}, untilTLS, "HTTP", probe.NotHTTP, "does not speak HTTP"},
		{"SSH", probe.Target{URL: "http://" + accept(t, func(c net.Conn) { _, _ = fmt.Fprint(c, "SSH-2.0-x\x1b[2J\r\n") })}, untilTLS, "HTTP", probe.NotHTTP, "does not speak HTTP"},
		{"no URL", probe.Target{}, passed{}, "DNS", probe.BadTarget, "not a URL"},
		{"no host", probe.Target{URL: "https://:443"}, passed{}, "DNS", probe.BadTarget, "not a URL"},
		{"another scheme", probe.Target{URL: "ftp://" + host}, passed{}, "DNS", probe.BadTarget, "not a URL"},
		{"broken URL", probe.Target{URL: "https://%zz"}, passed{}, "DNS", probe.BadTarget, "not a URL"},
		{"connect-to without port", probe.Target{URL: url, ConnectTo: "10.0.0.1"}, passed{}, "DNS", probe.BadTarget, `"10.0.0.1" is not HOST:PORT`},
		{"connect-to without host", probe.Target{URL: url, ConnectTo: ":443"}, passed{}, "DNS", probe.BadTarget, "not HOST:PORT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := probe.Endpoint(t.Context(), test.target)
			if diff := cmp.Diff(test.want, stages(got)); diff != "" {
				t.Errorf("passed (-want +got):\n%s", diff)
			}
			stage, err := got.Failed()
			if stage != test.stage || (err == nil) != (test.stage == "") {
				t.Errorf("failed at %q: %v", stage, err)
			}
			text := got.HTTP.Detail
			if err != nil {
				text = err.Error()
				var failure *probe.Error
				if !errors.As(err, &failure) || failure.Reason == "" || test.reason != "" && probe.ReasonOf(err) != test.reason {
					t.Errorf("reason %q, want %q: %v", probe.ReasonOf(err), test.reason, err)
				}
			}
			if !strings.Contains(text, test.text) || strings.ContainsAny(text, "\x1b\r\n") {
				t.Errorf("says %q, want %q", text, test.text)
			}
			for name, s := range map[string]probe.Stage{"DNS": got.DNS, "TCP": got.TCP, "TLS": got.TLS, "HTTP": got.HTTP} {
				if s.OK && s.Err != nil || s.Took < 0 || s.OK && name != "TLS" && s.Took == 0 {
					t.Errorf("%s: %+v", name, s)
				}
			}
		})
	}
}

// What is found on the way, in detail.
func TestDetails(t *testing.T) {
	until := time.Now().Add(time.Hour)
	certificate, roots := signed(t, time.Now().Add(-time.Hour), until, host, "*.example.com")
	var request *http.Request
	address := serveTLS(t, certificate, func(_ http.ResponseWriter, r *http.Request) { request = r.Clone(context.Background()) })
	got := probe.Endpoint(t.Context(), probe.Target{URL: "https://" + host + ":8443/ignored?x=1", ConnectTo: address, RootCAs: roots})
	want := []string{"127.0.0.1", "connected to " + address, "certificate for " + host + ", *.example.com, valid until " + until.UTC().Format(time.DateOnly)}
	if diff := cmp.Diff(want, []string{got.DNS.Detail, got.TCP.Detail, got.TLS.Detail}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"127.0.0.1"}, got.Addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
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

// The time that a stage took is that stage's.
func TestLatency(t *testing.T) {
	const slow = 300 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-time.After(slow) }))
	t.Cleanup(server.Close)
	got := probe.Endpoint(t.Context(), probe.Target{URL: server.URL})
	if got.HTTP.Took < slow || got.TCP.Took >= slow {
		t.Errorf("TCP took %s, HTTP %s", got.TCP.Took, got.HTTP.Took)
	}
}

// An answer without an end is an answer: its body is not read.
func TestEndlessAnswer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 32<<10)); err != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	if got := probe.Endpoint(t.Context(), probe.Target{URL: server.URL}); !got.HTTP.OK || got.HTTP.Took > 4*time.Second {
		t.Errorf("%+v", got.HTTP)
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
	got := probe.Endpoint(t.Context(), probe.Target{URL: "http://" + address})
	if got.HTTP.OK || probe.ReasonOf(got.HTTP.Err) != probe.NotHTTP || got.HTTP.Took > 4*time.Second {
		t.Errorf("%+v", got.HTTP)
	}
}

func TestLongTexts(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Server", strings.Repeat("ä", 5000))
	}))
	t.Cleanup(server.Close)
	if got := probe.Endpoint(t.Context(), probe.Target{URL: server.URL}); !got.HTTP.OK || len(got.HTTP.Detail) > 310 {
		t.Errorf("%d bytes: %.400s (%v)", len(got.HTTP.Detail), got.HTTP.Detail, got.HTTP.Err)
	}
}

// A deadline of the caller's counts, and is the one that is named.
func TestCallersDeadline(t *testing.T) {
	silent := accept(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	for _, scheme := range []string{"https", "http"} {
		ctx, cancel := context.WithTimeout(t.Context(), 80*time.Millisecond)
		started := time.Now()
		_, err := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}).Failed()
		cancel()
		if took := time.Since(started); probe.ReasonOf(err) != probe.TimedOut || took > 3*time.Second || strings.Contains(err.Error(), " 5s") {
			t.Errorf("%s: after %s: %v", scheme, took, err)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v is not a deadline's", scheme, err)
		}
	}
}

// An interruption says nothing of the target.
func TestInterrupted(t *testing.T) {
	for _, scheme := range []string{"https", "http"} {
		ctx, cancel := context.WithCancel(t.Context())
		silent := accept(t, func(c net.Conn) {
			cancel()
			_, _ = io.Copy(io.Discard, c)
		})
		_, err := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}).Failed()
		if probe.ReasonOf(err) != probe.Interrupted || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", scheme, err)
		}
		if stage, err := probe.Endpoint(ctx, probe.Target{URL: scheme + "://" + silent}).Failed(); probe.ReasonOf(err) != probe.Interrupted {
			t.Errorf("%s, from the start: %s: %v", scheme, stage, err)
		}
	}
}

func TestFailedOfNothing(t *testing.T) {
	if stage, err := (probe.Result{}).Failed(); stage != "" || err != nil {
		t.Errorf("%q, %v", stage, err)
	}
	if got := probe.ReasonOf(errors.New("x")); got != "" {
		t.Errorf("reason %q", got)
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
		stage, err := result.Failed()
		if reason := probe.ReasonOf(err); reason != probe.BadTarget && reason != probe.Interrupted {
			t.Errorf("%s: reason %q: %v", stage, reason, err)
		}
	})
}
