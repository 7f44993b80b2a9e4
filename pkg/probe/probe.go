// Package probe takes a connection to an access URL apart: name, address, TLS,
// HTTP. It says how far one gets from this machine, whose path is not that of
// the cluster's.
package probe

import (
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

// stageTimeout bounds each stage.
const stageTimeout = 5 * time.Second

// Target is what to connect to.
type Target struct {
	// URL is an access URL.
	URL string
	// ConnectTo is a HOST:PORT to dial instead of what DNS says; may be empty.
	ConnectTo string
	// RootCAs are trusted; nil means the system's.
	RootCAs *x509.CertPool
}

// Stage is one stage of a connection.
type Stage struct {
	// OK tells that the stage was passed.
	OK bool
	// Detail says what was found, in words.
	Detail string
	// Err says why the stage was not passed; nil if it was, or was not reached.
	Err error
	// Took is how long it took.
	Took time.Duration
}

// Result is how far a connection got.
type Result struct {
	DNS, TCP, TLS, HTTP Stage
	// Addresses are what the name resolves to.
	Addresses []string
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
	u, err := url.Parse(target.URL)
	if err != nil || u.Hostname() == "" {
		result.DNS.Err = fmt.Errorf("%q is not a URL", target.URL)
		return result
	}
	address := target.ConnectTo
	if address == "" {
		address = net.JoinHostPort(u.Hostname(), portOf(u))
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		result.DNS.Err = fmt.Errorf("%q is not HOST:PORT", address)
		return result
	}
	result.DNS = stage(ctx, func(ctx context.Context) (detail string, err error) {
		result.Addresses, err = net.DefaultResolver.LookupHost(ctx, host)
		return strings.Join(result.Addresses, ", "), explainDNS(host, err)
	})
	if !result.DNS.OK {
		return result
	}
	var connection net.Conn
	result.TCP = stage(ctx, func(ctx context.Context) (string, error) {
		connection, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return "", explainDial(address, err)
		}
		return "connected to " + connection.RemoteAddr().String(), nil
	})
	if !result.TCP.OK {
		return result
	}
	defer func() { _ = connection.Close() }()
	if u.Scheme == "https" {
		result.TLS = stage(ctx, func(ctx context.Context) (string, error) {
			secure := tls.Client(connection, &tls.Config{ServerName: u.Hostname(), RootCAs: target.RootCAs, MinVersion: tls.VersionTLS12})
			if err := secure.HandshakeContext(ctx); err != nil {
				return "", explainTLS(u.Hostname(), err)
			}
			connection = secure
			return certificate(secure.ConnectionState().PeerCertificates[0]), nil
		})
		if !result.TLS.OK {
			return result
		}
	} else {
		result.TLS = Stage{OK: true, Detail: "not used"}
	}
	result.HTTP = stage(ctx, func(ctx context.Context) (string, error) { return get(ctx, u, connection) })
	return result
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

func stage(ctx context.Context, try func(context.Context) (string, error)) Stage {
	ctx, cancel := context.WithTimeout(ctx, stageTimeout)
	defer cancel()
	started := time.Now()
	detail, err := try(ctx)
	return Stage{OK: err == nil, Detail: detail, Err: err, Took: time.Since(started)}
}

// get asks for the root page over the connection.
func get(ctx context.Context, u *url.URL, connection net.Conn) (string, error) {
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return connection, nil },
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+u.Host+"/", http.NoBody)
	if err != nil {
		return "", err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return "", fmt.Errorf("%s accepted the connection, but did not answer within %s", u.Host, stageTimeout)
		}
		return "", fmt.Errorf("%s does not speak HTTP: %w", u.Host, err)
	}
	_ = response.Body.Close()
	detail := response.Status
	if server := response.Header.Get("Server"); server != "" {
		detail += ", server " + server
	}
	return detail, nil
}
