package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Error says in plain words why a stage failed.
type Error struct {
	Message string
	Unseen  bool // nothing was learnt of the server: the look-up failed, or the caller gave up

	cause error
}

func (e *Error) Error() string { return e.Message }

func (e *Error) Unwrap() error { return e.cause }

func failed(cause error, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), cause: cause}
}

func unseen(cause error, format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...), Unseen: true, cause: cause}
}

// Unseen reports whether a connection failed without learning anything of the server.
func Unseen(err error) bool {
	failure, is := errors.AsType[*Error](err)
	return is && failure.Unseen
}

func explainDNS(host string, limit time.Duration, err error) error {
	var dns *net.DNSError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &dns) && dns.IsNotFound:
		return failed(err, "the name %s does not exist", host)
	case isTimeout(err):
		return unseen(err, "the name %s could not be looked up within %s", host, limit)
	default:
		return unseen(err, "the name %s could not be looked up: %v", host, err)
	}
}

func explainDial(address string, limit time.Duration, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return unseen(err, "%s was not contacted, because this machine allows no more open files: raise the limit (`ulimit -n`), "+
			"or lower --concurrency", address)
	case errors.Is(err, syscall.ECONNREFUSED):
		return failed(err, "nothing answers at %s (connection refused)", address)
	case isTimeout(err):
		return failed(err, "nothing answered at %s within %s", address, limit)
	default:
		return failed(err, "%s cannot be reached: %v", address, err)
	}
}

func explainTLS(host string, limit time.Duration, err error) error {
	var (
		unknownCA x509.UnknownAuthorityError
		wrongHost x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		message   = fmt.Sprintf("no TLS handshake: %v", err)
	)
	switch {
	case errors.As(err, &unknownCA):
		message = "its certificate is signed by an authority that is not trusted here"
	case errors.As(err, &wrongHost):
		message = fmt.Sprintf("its certificate is for another name than %s: %s", host, certificate(wrongHost.Certificate))
	case errors.As(err, &invalid):
		message = fmt.Sprintf("its certificate is not valid: %v", invalid)
	case errors.As(err, &record):
		message = "it does not speak TLS"
	case isTimeout(err):
		message = fmt.Sprintf("no TLS handshake within %s", limit)
	}
	return failed(err, "%s", message)
}

func explainHTTP(host string, limit time.Duration, err error) error {
	if isTimeout(err) {
		return failed(err, "%s accepted the connection, but did not answer within %s", host, limit)
	}
	return failed(err, "%s", redact.Printable(fmt.Sprintf("%s does not speak HTTP: %v", host, err)))
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout()
}

func certificate(c *x509.Certificate) string {
	names := cmp.Or((*Certificate)(c).names(), c.Subject.CommonName)
	return redact.Printable(fmt.Sprintf("certificate for %s, valid until %s", names, c.NotAfter.UTC().Format(time.DateOnly)))
}
