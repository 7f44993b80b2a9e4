package probe

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAddress(t *testing.T) {
	for _, test := range []struct{ url, connectTo, want string }{
		{"https://a.example.com", "", "a.example.com:443"},
		{"http://a.example.com", "", "a.example.com:80"},
		{"https://a.example.com:8443/x", "", "a.example.com:8443"},
		{"https://[::1]", "", "[::1]:443"},
		{"https://a.example.com:8443", "10.0.0.1:443", "10.0.0.1:443"},
	} {
		if _, got, err := (Target{URL: test.url, ConnectTo: test.connectTo}).parse(); err != nil || got != test.want {
			t.Errorf("%s, %s: %q, %v", test.url, test.connectTo, got, err)
		}
	}
}

// Failures that a test cannot produce on loopback.
func TestExplain(t *testing.T) {
	notFound := &net.DNSError{Err: "no such host", IsNotFound: true}
	servfail := &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	slowDNS := &net.DNSError{Err: "i/o timeout", IsTimeout: true}
	unroutable := &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}
	for _, test := range []struct {
		name   string
		err    error // the explained error
		cause  error
		unseen bool
		want   string
	}{
		{"not found", explainDNS("a.example.com", time.Second, notFound), notFound, false, "the name a.example.com does not exist"},
		{"DNS fails", explainDNS("a.example.com", time.Second, servfail), servfail, true, "server misbehaving"},
		{"DNS is slow", explainDNS("a.example.com", time.Second, slowDNS), slowDNS, true, "could not be looked up within 1s"},
		{"no route", explainDial("10.0.0.1:443", time.Second, unroutable), syscall.ENETUNREACH, false, "10.0.0.1:443 cannot be reached"},
		{"no more files", explainDial("10.0.0.1:443", time.Second, &net.OpError{Op: "dial", Err: syscall.EMFILE}), syscall.EMFILE, true, "this machine allows no more open files"},
		{"no SYN comes back", explainDial("10.0.0.1:443", time.Second, context.DeadlineExceeded), context.DeadlineExceeded, false, "nothing answered at 10.0.0.1:443 within 1s"},
		{"certificate of a client", explainTLS("a", time.Second, x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.IncompatibleUsage}), nil, false, "not valid"},
		{"certificate without names", explainTLS("a", time.Second, x509.HostnameError{Certificate: &x509.Certificate{Subject: pkix.Name{CommonName: "cn"}}}), nil, false, "certificate for cn,"},
		{"certificate of an address", explainTLS("a", time.Second, x509.HostnameError{Certificate: &x509.Certificate{IPAddresses: []net.IP{{10, 0, 0, 1}}}}), nil, false, "certificate for 10.0.0.1,"},
	} {
		if Unseen(test.err) != test.unseen || !strings.Contains(test.err.Error(), test.want) || test.cause != nil && !errors.Is(test.err, test.cause) {
			t.Errorf("%s: unseen %t: %v", test.name, Unseen(test.err), test.err)
		}
	}
}
