// Package probe takes a connection to an access URL apart: name, address, TLS,
// HTTP. It says how far one gets from this machine, whose path is not that of
// the cluster's.
package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of a probe.
const (
	// stageTimeout bounds each stage.
	stageTimeout = 5 * time.Second
	// maxHeader is how much of an HTTP answer is read.
	maxHeader = 64 << 10
)

// Target is what to connect to.
type Target struct {
	// URL is an access URL.
	URL string
	// ConnectTo is a HOST:PORT to dial instead of what DNS says; may be empty.
	ConnectTo string
	// ServerName is the name that TLS asks for, and verifies, instead of the URL's
	// host; may be empty.
	ServerName string
	// RootCAs are trusted; nil means the system's.
	RootCAs *x509.CertPool
	// Timeout bounds each stage; 0 means 5 seconds.
	Timeout time.Duration
}

// Stage is one stage of a connection.
type Stage struct {
	// OK tells that the stage was passed.
	OK bool
	// Detail says what was found, in words.
	Detail string
	// Err says why the stage was not passed, and is an *Error; nil if it was, or
	// was not reached.
	Err error
	// Took is how long it took.
	Took time.Duration
}

// Result is how far a connection got.
type Result struct {
	DNS, TCP, TLS, HTTP Stage
	// Addresses are what the name resolves to.
	Addresses []string
	// Certificate is what the server showed, also if it did not verify; nil if the
	// connection did not get that far.
	Certificate *Certificate
}

// Failed returns the first stage that was not passed, "DNS", "TCP", "TLS" or
// "HTTP", and why. The error is nil if all were passed.
func (r Result) Failed() (stage string, err error) {
	for _, s := range []struct {
		name  string
		stage Stage
	}{{"DNS", r.DNS}, {"TCP", r.TCP}, {"TLS", r.TLS}, {"HTTP", r.HTTP}} {
		if s.stage.Err != nil {
			return s.name, s.stage.Err
		}
	}
	return "", nil
}

// Endpoint connects to the target, stage by stage, and stops at the first that
// fails. Any HTTP answer passes the last stage. No credentials are sent.
func Endpoint(ctx context.Context, target Target) Result {
	var result Result
	u, address, err := target.parse()
	if err != nil {
		result.DNS.Err = err
		return result
	}
	limit := target.Timeout
	if limit == 0 {
		limit = stageTimeout
	}
	host, _, _ := net.SplitHostPort(address) // parse has looked
	result.DNS = stage(ctx, limit, func(ctx context.Context, limit time.Duration) (detail string, err error) {
		result.Addresses, err = net.DefaultResolver.LookupHost(ctx, host)
		return strings.Join(result.Addresses, ", "), explainDNS(host, limit, err)
	})
	if !result.DNS.OK {
		return result
	}
	var connection net.Conn
	result.TCP = stage(ctx, limit, func(ctx context.Context, limit time.Duration) (string, error) {
		connection, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return "", explainDial(address, limit, err)
		}
		return "connected to " + connection.RemoteAddr().String(), nil
	})
	if !result.TCP.OK {
		return result
	}
	defer func() { _ = connection.Close() }()
	if u.Scheme == "https" {
		result.TLS = stage(ctx, limit, func(ctx context.Context, limit time.Duration) (string, error) {
			name := cmp.Or(target.ServerName, u.Hostname())
			secure := tls.Client(connection, &tls.Config{ServerName: name, RootCAs: target.RootCAs, MinVersion: tls.VersionTLS12})
			if err := secure.HandshakeContext(ctx); err != nil {
				result.Certificate = refused(err)
				return "", explainTLS(name, limit, err)
			}
			connection = secure
			leaf := secure.ConnectionState().PeerCertificates[0]
			result.Certificate = NewCertificate(leaf)
			return certificate(leaf), nil
		})
		if !result.TLS.OK {
			return result
		}
	} else {
		result.TLS = Stage{OK: true, Detail: "not used"}
	}
	result.HTTP = stage(ctx, limit, func(ctx context.Context, limit time.Duration) (string, error) { return get(ctx, limit, u, connection) })
	return result
}

// parse returns the target's URL and the address to dial.
func (t Target) parse() (u *url.URL, address string, err error) {
	u, err = url.Parse(t.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, "", &Error{BadTarget, fmt.Sprintf("%q is not a URL like https://coder.example.com", t.URL), err}
	}
	address = t.ConnectTo
	if address == "" {
		address = net.JoinHostPort(u.Hostname(), portOf(u))
	}
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return nil, "", &Error{BadTarget, fmt.Sprintf("%q is not HOST:PORT", address), err}
	}
	return u, address, nil
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

// stage tries a stage within the limit, or what the context leaves of it.
func stage(ctx context.Context, limit time.Duration, try func(context.Context, time.Duration) (string, error)) Stage {
	started := time.Now()
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(0, deadline.Sub(started).Round(time.Millisecond)))
	}
	tryCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	detail, err := try(tryCtx, limit)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		err = &Error{Interrupted, "interrupted before it was known", ctx.Err()}
	}
	return Stage{OK: err == nil, Detail: detail, Err: err, Took: time.Since(started)}
}

// get asks for the root page over the connection.
func get(ctx context.Context, limit time.Duration, u *url.URL, connection net.Conn) (string, error) {
	transport := &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return connection, nil },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host+"/", http.NoBody)
	if err != nil {
		return "", &Error{BadTarget, fmt.Sprintf("%q is not a host to ask", u.Host), err}
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return "", explainHTTP(u.Host, limit, err)
	}
	_ = response.Body.Close()
	detail := response.Status
	if server := response.Header.Get("Server"); server != "" {
		detail += ", server " + server
	}
	return Printable(detail), nil
}
