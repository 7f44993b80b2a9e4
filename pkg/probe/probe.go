// Package probe tests a connection to an access URL in stages: DNS, TCP, TLS, HTTP. It shows how far one gets from this
// machine, whose path is not the cluster's.
package probe

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Bounds of a probe.
const (
	stageTimeout = 5 * time.Second
	maxHeader    = 64 << 10 // bytes of an HTTP answer's header
)

// Target is what to connect to.
type Target struct {
	URL        string
	ConnectTo  string         // a HOST:PORT to dial instead of the URL's host; may be empty
	ServerName string         // the name that TLS requests and verifies instead of the URL's host; may be empty
	RootCAs    *x509.CertPool // trusted; nil means the system's
	Timeout    time.Duration  // of each stage; 0 means 5 seconds
}

// Result is how far a connection got.
type Result struct {
	// Stage is the first that failed, "DNS", "TCP", "TLS" or "HTTP", and Err, an *Error, says why; empty if none did.
	Stage       string
	Err         error
	Certificate *Certificate // what the server presented, verified or not; nil if the connection did not get that far
}

// Endpoint connects to the target, stage by stage, and stops at the first failure. Any HTTP answer passes the last stage.
// It sends no credentials.
func Endpoint(ctx context.Context, target Target) (result Result) {
	u, address, err := target.parse()
	if err != nil {
		return Result{Stage: "DNS", Err: err}
	}
	limit := cmp.Or(target.Timeout, stageTimeout)
	var connection net.Conn
	defer func() {
		if connection != nil {
			_ = connection.Close()
		}
	}()
	for _, stage := range []struct {
		name string
		pass func(context.Context, time.Duration) error
	}{
		{"DNS", func(ctx context.Context, limit time.Duration) error {
			host, _, _ := net.SplitHostPort(address) // parse has checked it
			_, err := net.DefaultResolver.LookupHost(ctx, host)
			return explainDNS(host, limit, err)
		}},
		{"TCP", func(ctx context.Context, limit time.Duration) error {
			connection, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
			return explainDial(address, limit, err)
		}},
		{"TLS", func(ctx context.Context, limit time.Duration) error {
			if u.Scheme != "https" {
				return nil
			}
			name := cmp.Or(target.ServerName, u.Hostname())
			secure := tls.Client(connection, &tls.Config{ServerName: name, RootCAs: target.RootCAs, MinVersion: tls.VersionTLS12})
			if err := secure.HandshakeContext(ctx); err != nil {
				result.Certificate = refused(err)
				return explainTLS(name, limit, err)
			}
			connection, result.Certificate = secure, (*Certificate)(secure.ConnectionState().PeerCertificates[0])
			return nil
		}},
		{"HTTP", func(ctx context.Context, limit time.Duration) error { return get(ctx, limit, u, connection) }},
	} {
		if result.Err = try(ctx, limit, stage.pass); result.Err != nil {
			result.Stage = stage.name
			return result
		}
	}
	return result
}

func (t Target) parse() (u *url.URL, address string, err error) {
	u, err = url.Parse(t.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, "", failed(err, "%q is not a URL like https://coder.example.com", t.URL)
	}
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[u.Scheme])
	address = cmp.Or(t.ConnectTo, net.JoinHostPort(u.Hostname(), port))
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return nil, "", failed(err, "%q is not HOST:PORT", address)
	}
	return u, address, nil
}

// try runs a stage within the limit, or what the context leaves of it.
func try(ctx context.Context, limit time.Duration, pass func(context.Context, time.Duration) error) error {
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, max(0, time.Until(deadline).Round(time.Millisecond)))
	}
	tryCtx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := pass(tryCtx, limit)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return unseen(ctx.Err(), "interrupted before the result was known")
	}
	return err
}

func get(ctx context.Context, limit time.Duration, u *url.URL, connection net.Conn) error {
	transport := &http.Transport{
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeader,
		DialContext:            func(context.Context, string, string) (net.Conn, error) { return connection, nil },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host+"/", http.NoBody)
	if err != nil {
		return failed(err, "%q is not a valid host", u.Host)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return explainHTTP(u.Host, limit, err)
	}
	_ = response.Body.Close()
	return nil
}
