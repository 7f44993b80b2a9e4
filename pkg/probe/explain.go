package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"
)

func explainDNS(host string, err error) error {
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("the name %s does not exist", host)
	case isTimeout(err):
		return fmt.Errorf("the name %s could not be looked up within %s", host, stageTimeout)
	default:
		return fmt.Errorf("the name %s could not be looked up: %w", host, err)
	}
}

func explainDial(address string, err error) error {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing answers at %s (connection refused)", address)
	case isTimeout(err):
		return fmt.Errorf("nothing answered at %s within %s", address, stageTimeout)
	default:
		return fmt.Errorf("%s cannot be reached: %w", address, err)
	}
}

func explainTLS(host string, err error) error {
	var (
		unknownCA x509.UnknownAuthorityError
		wrongHost x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &unknownCA):
		return errors.New("its certificate is signed by an authority that is not trusted here")
	case errors.As(err, &wrongHost):
		return fmt.Errorf("its certificate is for another name than %s: %s", host, certificate(wrongHost.Certificate))
	case errors.As(err, &invalid):
		return fmt.Errorf("its certificate is not valid: %w", invalid)
	case errors.As(err, &record):
		return errors.New("it does not speak TLS")
	case isTimeout(err):
		return fmt.Errorf("no TLS handshake within %s", stageTimeout)
	default:
		return fmt.Errorf("no TLS handshake: %w", err)
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

// certificate says whom a certificate is for, and until when.
func certificate(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		names = append(names, c.Subject.CommonName)
	}
	return fmt.Sprintf("certificate for %s, valid until %s", strings.Join(names, ", "), c.NotAfter.UTC().Format(time.DateOnly))
}
