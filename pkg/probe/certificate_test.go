package probe_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// block encodes a PEM block of that type.
func block(kind string, content []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}))
}

func TestParseCertificate(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	own, _ := signed(t, now, now.Add(time.Hour), host, "*.example.com")
	authority, _ := signed(t, now, now.Add(2*time.Hour), "authority")
	leaf, key := block("CERTIFICATE", own.Certificate[0]), block("EC PRIVATE KEY", []byte("hunter2"))
	want := parsed(t, own)
	for name, text := range map[string]string{
		"alone":                 leaf,
		"with its authority":    leaf + block("CERTIFICATE", authority.Certificate[0]),
		"after a comment":       "subject=sydney\n" + leaf,
		"after its key":         key + leaf,
		"before what is broken": leaf + "-----BEGIN CERTIFICATE-----\nx",
		"before a megabyte":     leaf + strings.Repeat("x", 1<<20),
	} {
		got, err := probe.ParseCertificate([]byte(text))
		if err != nil || !want.Equal((*x509.Certificate)(got)) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"nothing": "", "no PEM": "hunter2", "a key": key, "keys without end": strings.Repeat(key, 9) +
			leaf, "no certificate": block("CERTIFICATE", []byte("hunter2")),
	} {
		if got, err := probe.ParseCertificate([]byte(text)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestCertificateFor(t *testing.T) {
	c := &probe.Certificate{DNSNames: []string{"Coder.example.com", "*.apps.example.com", "odd\x1b[2J"},
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}}
	for host, want := range map[string]bool{
		"coder.example.com": true, "CODER.example.com": true, "x.apps.example.com": true, "*.apps.example.com": true, "127.0.0.1": true,
		"apps.example.com": false, "x.y.apps.example.com": false, "*.example.com": false, "*.coder.example.com": false, "127.0.0.2": false, "": false,
	} {
		if got := c.For(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
	if got := c.String(); got != "Coder.example.com, *.apps.example.com, odd [2J, 127.0.0.1" {
		t.Errorf("%q", got)
	}
	if got := (&probe.Certificate{}).String(); got != "no name" {
		t.Errorf("%q", got)
	}
}

// The certificate is reported whether or not it verifies, and it is the one for the requested
// name.
func TestServedCertificate(t *testing.T) {
	now := time.Now()
	good, roots := signed(t, now.Add(-time.Hour), now.Add(time.Hour), host)
	old, _ := signed(t, now.AddDate(0, 0, -9), now.AddDate(0, 0, -1), host)
	global, _ := signed(t, now.Add(-time.Hour), now.Add(time.Hour), "global.example.com")
	roots.AddCert(parsed(t, global))
	byName := serveTLS(t, good, ok)
	both := tlsServer(t, good, global)
	for name, test := range map[string]struct {
		target probe.Target
		names  string
	}{
		"verified":          {probe.Target{URL: "https://" + host, ConnectTo: byName, RootCAs: roots}, host},
		"unknown authority": {probe.Target{URL: "https://" + host, ConnectTo: byName}, host},
		"expired":           {probe.Target{URL: "https://" + host, ConnectTo: serveTLS(t, old, ok), RootCAs: roots}, host},
		"wrong name":        {probe.Target{URL: "https://other.example.com", ConnectTo: byName, RootCAs: roots}, host},
		"for another name": {probe.Target{URL: "https://" + host, ConnectTo: both, RootCAs: roots, ServerName: "global.example.com"},
			"global.example.com"},
		"no TLS": {probe.Target{URL: "https://" + host, ConnectTo: accept(t, func(c net.Conn) {
			_, _ = io.WriteString(c,
				"hello\n")
		})}, "none"},
		"nothing listens": {probe.Target{URL: "https://" + host, ConnectTo: unused(t)}, "none"},
	} {
		got := "none"
		result := probe.Endpoint(t.Context(), test.target)
		if result.Certificate != nil {
			got = result.Certificate.String()
		}
		if got != test.names {
			t.Errorf("%s: %s (%v)", name, got, result.Err)
		}
	}
	named := probe.Endpoint(t.Context(), probe.Target{URL: "https://" + host, ConnectTo: both, RootCAs: roots,
		ServerName: "global.example.com"})
	if named.Err != nil {
		t.Errorf("the name that was asked for is not the one that is verified: %v", named.Err)
	}
}

// Watching needs no connection of its own. A request without TLS reports no certificate.
func TestWatch(t *testing.T) {
	now := time.Now()
	good, roots := signed(t, now.Add(-time.Hour), now.Add(time.Hour), host)
	address, connections := serveTLS(t, good, ok), 0
	plain := accept(t, answer)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: host, MinVersion: tls.VersionTLS12},
		DialContext:     (&net.Dialer{}).DialContext,
	}
	t.Cleanup(transport.CloseIdleConnections)
	ctx, last := probe.Watch(t.Context())
	if last() != nil {
		t.Error("a certificate before any request")
	}
	ask := func(url string) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		connections++
	}
	for range 2 { // the second request reuses the connection
		ask("https://" + address)
		if got := last(); got == nil || got.String() != host {
			t.Errorf("request %d: %v", connections, got)
		}
	}
	ask("http://" + plain)
	if last() != nil {
		t.Error("a certificate without TLS")
	}
}

func TestRecord(t *testing.T) {
	for want, addresses := range map[string][]string{
		host + " A 203.0.113.7":          {"203.0.113.7"},
		host + " AAAA 2001:db8::7":       {"2001:db8::7"},
		host + " CNAME lb.example.com":   {"lb.example.com"},
		host + " A 203.0.113.7, 2.2.2.2": {"203.0.113.7", "2.2.2.2"},
	} {
		if got := probe.Record(host, addresses); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func parsed(t *testing.T, certificate tls.Certificate) *x509.Certificate {
	t.Helper()
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	return leaf
}

// tlsServer serves the certificate for the requested name, and returns its address.
func tlsServer(t *testing.T, certificates ...tls.Certificate) string {
	t.Helper()
	return accept(t, func(c net.Conn) {
		server := tls.Server(c, &tls.Config{Certificates: certificates, MinVersion: tls.VersionTLS12})
		answer(server)
		_ = server.Close()
	})
}

// answer reads a request before it answers. If the answer came first, clients would take the
// connection for broken.
func answer(c net.Conn) {
	if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
		_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
	}
}
