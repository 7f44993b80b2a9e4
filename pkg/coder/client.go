// Package coder is a client of the API of Coder v1. It knows no Kubernetes. The server is not public: what the client
// speaks comes from Coder's documentation and command-line client (coder-cli, v1.20 to v1.44).
package coder

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Bounds of one request.
const (
	attemptTimeout = 20 * time.Second // of one attempt, its body included, however slowly it drips
	maxAnswer      = 8 << 20          // bytes
)

// Config says how to reach a deployment.
type Config struct {
	URL        string // an access URL: https, or http on loopback
	Token      Token  // authenticates; empty for a satellite that is only asked for its key
	CAFile     string // a PEM bundle to trust besides the system's; may be empty
	ConnectTo  string // a HOST:PORT to dial instead of the URL's host; may be empty
	UserAgent  string
	AuthHeader Token                                     // sent as Authorization, to an authenticating proxy: $ENDPOINT_AUTH_HEADER, as in coder-cli
	Attempts   int                                       // how often a repeatable request is tried; 0 means 4
	Timeout    time.Duration                             // of one attempt; 0 means 20 seconds
	Clock      clock.Clock                               // waits between attempts; nil means the real one
	Wrap       func(http.RoundTripper) http.RoundTripper // put around every connection, also those of At and Anonymous, for a log; may be nil

	roots *x509.CertPool // what CAFile holds and the system's, once read
}

// Client speaks to one deployment: a primary, or a satellite at its access URL.
type Client struct {
	base    *url.URL
	config  Config
	secrets redact.Values
	http    *http.Client
	beneath *http.Transport // holds the connections
}

// New returns a client, without connecting. Errors name what is wrong with the URL or the CA file.
func New(config Config) (*Client, error) {
	base, err := ParseURL(config.URL)
	if err != nil {
		return nil, err
	}
	if config.roots == nil {
		if config.roots, err = rootCAs(config.CAFile); err != nil {
			return nil, err
		}
	}
	if err := config.Token.check(); err != nil {
		return nil, err
	}
	if config.Clock == nil {
		config.Clock = clock.RealClock{}
	}
	config.Attempts, config.Timeout = cmp.Or(config.Attempts, 4), cmp.Or(config.Timeout, attemptTimeout)
	beneath := newTransport(config)
	var transport http.RoundTripper = beneath
	if config.Wrap != nil {
		transport = config.Wrap(transport)
	}
	return newClient(base, config, beneath, transport), nil
}

func newClient(base *url.URL, config Config, beneath *http.Transport, transport http.RoundTripper) *Client {
	return &Client{base: base, config: config, secrets: secretsOf(config), beneath: beneath, http: &http.Client{
		Transport: transport,
		// A redirect could lead a token to another host; the API never redirects.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Wrapped returns a client whose requests go through wrap.
func (c *Client) Wrapped(wrap func(http.RoundTripper) http.RoundTripper) *Client {
	return newClient(c.base, c.config, c.beneath, wrap(c.http.Transport))
}

// At returns a client of the same user for another access URL of the deployment, a satellite's. The satellite gets the
// token: connect only to one that the primary trusts.
func (c *Client) At(accessURL, connectTo string) (*Client, error) {
	config := c.config
	config.URL, config.ConnectTo = accessURL, connectTo
	return New(config)
}

// Anonymous returns a client without the user's token for another access URL. It tries each request once.
func (c *Client) Anonymous(accessURL, connectTo string) (*Client, error) {
	config := c.config
	config.URL, config.Token, config.ConnectTo, config.Attempts = accessURL, "", connectTo, 1
	return New(config)
}

// RootCAs returns the certificate authorities that the client trusts; nil means the system's.
func (c *Client) RootCAs() *x509.CertPool { return c.config.roots }

// URL returns the deployment's access URL.
func (c *Client) URL() string { return c.base.String() }

// rootCAs returns the system's certificate authorities and those of the PEM file; nil, the system's, without a file.
func rootCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the CA file cannot be read: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("the CA file %s holds no certificate in PEM form", file)
	}
	return roots, nil
}

func newTransport(config Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: config.roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: config.Timeout,
		MaxIdleConnsPerHost:   16,
		IdleConnTimeout:       30 * time.Second,
		// WebSockets need HTTP/1.1, and one protocol for all is simpler.
		ForceAttemptHTTP2:      false,
		OnProxyConnectResponse: checkProxy,
	}
	if config.ConnectTo != "" {
		transport.Proxy = nil
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, config.ConnectTo)
		}
	}
	return transport
}

// CloseIdle closes connections that are not in use.
func (c *Client) CloseIdle() { c.beneath.CloseIdleConnections() }
