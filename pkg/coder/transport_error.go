package coder

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// TransportError means that the deployment did not answer. It wraps the cause.
type TransportError struct {
	Method, Host, Path string
	Reason             string // what is wrong and what to do

	passes bool // it may pass by itself
	cause  error
}

func (e *TransportError) Error() string {
	return fmt.Sprintf("%s %s%s: %s", e.Method, e.Host, e.Path, e.Reason)
}

func (e *TransportError) Unwrap() error { return e.cause }

// explainTransport says why a request got no answer. The URL's query and the request's headers stay out of the message.
func explainTransport(ctx context.Context, c *Client, r request, err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err // the wrapping repeats the URL, query and all
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) {
		err = cause
	}
	reason, passes := c.diagnose(err)
	return &TransportError{Method: r.method, Host: c.base.Host, Path: r.shownPath(), Reason: reason, passes: passes, cause: err}
}

// diagnose says why a request got no answer, and whether that may pass by itself.
func (c *Client) diagnose(err error) (reason string, passes bool) {
	var (
		slow      *slowError
		dns       *net.DNSError
		unknownCA x509.UnknownAuthorityError
		wrongHost x509.HostnameError
		invalid   x509.CertificateInvalidError
		netErr    net.Error
		refused   *proxyError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &refused):
		return refused.Error(), refused.status >= http.StatusInternalServerError
	case errors.As(err, &slow):
		return slow.Error(), true
	case errors.As(err, &op) && op.Op == proxyConnect:
		_, passes = c.diagnose(op.Err)
		return "the proxy that HTTPS_PROXY names cannot be reached: " + c.scrub(op.Err.Error()), passes
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return "not contacted, because this machine allows no more open files: raise the limit (`ulimit -n`), or lower --concurrency", true
	case errors.As(err, &dns):
		return fmt.Sprintf("the host %q cannot be resolved", dns.Name), dns.IsTemporary || dns.IsTimeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers there (connection refused)", true
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset before an answer came", true
	case errors.As(err, &unknownCA):
		return "its certificate is signed by an unknown authority: name the authority's file with --coder-ca-file", false
	case errors.As(err, &wrongHost):
		return c.scrub(strings.TrimPrefix(wrongHost.Error(), "x509: ")), false
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate has expired, or is not valid yet: check it, and this machine's clock", false
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "the answer was cut off", true
	case errors.As(err, &netErr) && netErr.Timeout():
		return "no answer in time", true
	default:
		return c.scrub(err.Error()), false
	}
}

// proxyConnect is the Op of a net.OpError when a proxy cannot be reached (net/http).
const proxyConnect = "proxyconnect"

type proxyError struct {
	proxy  string // host and port alone: its URL may hold a password
	status int
}

func (e *proxyError) Error() string {
	text := fmt.Sprintf("the proxy %s does not connect to it: %d %s", e.proxy, e.status, strings.ToLower(http.StatusText(e.status)))
	if e.status == http.StatusProxyAuthRequired {
		return text + "; put a user and password into HTTPS_PROXY"
	}
	return text + "; if it needs no proxy, name its host in NO_PROXY"
}

// checkProxy keeps net/http from making an error of the status text alone.
func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: proxy.Host, status: answer.StatusCode}
}
