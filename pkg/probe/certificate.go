package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Certificate is a server's certificate. A name in it may begin with "*.".
type Certificate x509.Certificate

// maxBlocks bounds the PEM blocks that are read: at most a key belongs before a server's own certificate.
const maxBlocks = 4

// ParseCertificate returns the server's own certificate, the first in a PEM text such as the entry tls.crt of a TLS
// Secret, and ignores the rest. Errors repeat nothing of the text, which may be a private key.
func ParseCertificate(text []byte) (*Certificate, error) {
	for range maxBlocks {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, errors.New("its first certificate cannot be parsed")
		}
		return (*Certificate)(parsed), nil
	}
	return nil, errors.New("it holds no certificate in PEM form")
}

// For reports whether the certificate is for the host, a name or an address. For a wildcard, such as
// "*.coder-sydney.example.com", it must be for every name that the wildcard covers.
func (c *Certificate) For(host string) bool {
	// any one label shows it: a certificate's wildcard stands for one whole label
	return (*x509.Certificate)(c).VerifyHostname(strings.Replace(host, "*", "any-name", 1)) == nil
}

// String lists the names and addresses that the certificate is for.
func (c *Certificate) String() string {
	return redact.Printable(cmp.Or(c.names(), "no name"))
}

func (c *Certificate) names() string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, ", ")
}

// refused returns the certificate that failed a TLS handshake; nil if something else did.
func refused(err error) *Certificate {
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) || len(unverified.UnverifiedCertificates) == 0 {
		return nil
	}
	return (*Certificate)(unverified.UnverifiedCertificates[0])
}

// Watch returns a context for HTTP requests, and a function that returns the certificate of the connection of the last
// one: nil before the first, and without TLS. It opens no connection of its own.
func Watch(ctx context.Context) (watched context.Context, last func() *Certificate) {
	var seen atomic.Pointer[Certificate]
	watched = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		var shown *Certificate
		if secure, ok := got.Conn.(*tls.Conn); ok {
			if chain := secure.ConnectionState().PeerCertificates; len(chain) > 0 {
				shown = (*Certificate)(chain[0])
			}
		}
		seen.Store(shown)
	}})
	return watched, seen.Load
}

// Record returns the DNS record that points the name to the addresses, of which there must be one at least:
// "coder-sydney.example.com A 203.0.113.7".
func Record(name string, addresses []string) string {
	kind := "CNAME"
	if ip := net.ParseIP(addresses[0]); ip != nil {
		kind = "A"
		if ip.To4() == nil {
			kind = "AAAA"
		}
	}
	return fmt.Sprintf("%s %s %s", name, kind, strings.Join(addresses, ", "))
}
