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
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Certificate is what of a server's certificate matters to its users: whom it is
// for, and when.
type Certificate struct {
	// DNSNames and Addresses are whom it is for. A name may begin with "*.".
	DNSNames  []string
	Addresses []net.IP
	// NotBefore and NotAfter bound the time in which it is valid.
	NotBefore, NotAfter time.Time
}

// NewCertificate returns what matters of a parsed certificate.
func NewCertificate(c *x509.Certificate) *Certificate {
	return &Certificate{DNSNames: c.DNSNames, Addresses: c.IPAddresses, NotBefore: c.NotBefore, NotAfter: c.NotAfter}
}

// maxBlocks bounds the blocks of a PEM text that are looked at: a server's own
// certificate comes first, and nothing but a key belongs before it.
const maxBlocks = 4

// ParseCertificate returns the server's own certificate, the first one in a PEM
// text such as the entry tls.crt of a TLS Secret. The rest of the text is not
// looked at. Errors repeat nothing of the text, which may be a private key.
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
		return NewCertificate(parsed), nil
	}
	return nil, errors.New("it holds no certificate in PEM form")
}

// For reports whether the certificate is for the host, a name or an address. For
// a host with a wildcard, such as "*.coder-sydney.example.com", the certificate
// must be for every name that the wildcard stands for.
func (c *Certificate) For(host string) bool {
	names := &x509.Certificate{DNSNames: c.DNSNames, IPAddresses: c.Addresses}
	// any one label shows it: certificates know no other wildcard than a whole label
	return names.VerifyHostname(strings.Replace(host, "*", "any-name", 1)) == nil
}

// String says whom the certificate is for.
func (c *Certificate) String() string {
	return redact.Printable(cmp.Or(c.names(), "no name"))
}

func (c *Certificate) names() string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.Addresses {
		names = append(names, ip.String())
	}
	return strings.Join(names, ", ")
}

// refused returns the certificate that a TLS handshake failed over; nil if it
// failed over something else.
func refused(err error) *Certificate {
	var unverified *tls.CertificateVerificationError
	if !errors.As(err, &unverified) || len(unverified.UnverifiedCertificates) == 0 {
		return nil
	}
	return NewCertificate(unverified.UnverifiedCertificates[0])
}

// Watch returns a context for HTTP requests, and a function that returns the
// certificate of the connection over which the last of them was sent: nil before
// one was, and without TLS. It costs no connection of its own.
func Watch(ctx context.Context) (watched context.Context, last func() *Certificate) {
	var seen atomic.Pointer[Certificate]
	watched = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) {
		var shown *Certificate
		if secure, ok := got.Conn.(*tls.Conn); ok {
			if chain := secure.ConnectionState().PeerCertificates; len(chain) > 0 {
				shown = NewCertificate(chain[0])
			}
		}
		seen.Store(shown)
	}})
	return watched, seen.Load
}

// Record returns the DNS record that leads the name to the addresses, for example
// "coder-sydney.example.com A 203.0.113.7"; there must be one address at least.
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
