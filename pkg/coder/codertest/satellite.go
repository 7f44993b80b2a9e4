package codertest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"time"
)

// SatelliteOptions configure a satellite, like the environment of its chart.
type SatelliteOptions struct {
	// PrimaryURL is CODER_PRIMARY_ACCESS_URL, AccessURL is CODER_SATELLITE_ACCESS_URL.
	PrimaryURL, AccessURL string
	// PrivateKey is CODER_SATELLITE_PRIVATE_KEY: an EC key in PEM.
	PrivateKey string
	// RootCAs are trusted for the primary; nil means the system's.
	RootCAs *x509.CertPool
	// Network sets the packet loss of its relays; none if nil.
	Network *Network
	// Now is the satellite's clock; time.Now if nil.
	Now func() time.Time
}

// Satellite serves its key, its health and TURN, and forwards everything else to its primary, signed. It is an
// http.Handler, to be served over TLS.
type Satellite struct {
	options     SatelliteOptions
	primary     *url.URL
	key         *ecdsa.PrivateKey
	public      string
	fingerprint string
	proxy       *httputil.ReverseProxy
	transport   *http.Transport
	turn        turnServer
	closing     chan struct{}
	closeOnce   sync.Once
}

// NewSatellite returns a satellite, or an error that names an invalid option.
func NewSatellite(options SatelliteOptions) (*Satellite, error) {
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Network == nil {
		options.Network = &Network{}
	}
	primary, err := url.Parse(options.PrimaryURL)
	if err != nil || primary.Host == "" {
		return nil, fmt.Errorf("CODER_PRIMARY_ACCESS_URL %q is not a URL", options.PrimaryURL)
	}
	if access, err := url.Parse(options.AccessURL); err != nil || access.Host == "" {
		return nil, fmt.Errorf("CODER_SATELLITE_ACCESS_URL %q is not a URL", options.AccessURL)
	}
	key, err := parsePrivateKey(options.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("CODER_SATELLITE_PRIVATE_KEY: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, err
	}
	s := &Satellite{
		options: options, primary: primary, key: key, closing: make(chan struct{}), turn: turnServer{network: options.Network},
		public:      string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		fingerprint: fingerprint(der),
		transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: options.RootCAs, MinVersion: tls.VersionTLS12},
		},
	}
	s.proxy = &httputil.ReverseProxy{
		Rewrite:      s.rewrite,
		Transport:    s.transport,
		ErrorLog:     quiet(),
		ErrorHandler: s.unreachable,
		// what arrives slowly from the primary must leave the satellite at once
		FlushInterval: -1,
	}
	return s, nil
}

// NewPrivateKey returns a new key, as the chart's template makes one.
func NewPrivateKey() (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalECPrivateKey(key)
	return string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})), err
}

func parsePrivateKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("it is not in PEM form")
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if private, ok := key.(*ecdsa.PrivateKey); ok && err == nil {
		return private, nil
	}
	return nil, errors.New("it is not an EC private key")
}

// PublicKey returns the satellite's public key in PEM.
func (s *Satellite) PublicKey() string { return s.public }

// Fingerprint returns the key's fingerprint.
func (s *Satellite) Fingerprint() string { return s.fingerprint }

// Close ends the TURN server, and closes idle connections to the primary.
func (s *Satellite) Close() {
	s.closeOnce.Do(func() { close(s.closing) })
	s.turn.close()
	s.transport.CloseIdleConnections()
}

// ServeHTTP implements http.Handler.
func (s *Satellite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/api/private/satellites/key":
		s.serveKey(w, r)
	case "/cem-healthz":
		s.serveHealth(w, r)
	case turnPath: // workspaces' traffic; everything else goes to the primary
		s.serveTURN(w, r)
	default:
		s.pass(w, r)
	}
}

// pass forwards a request to the primary. It reads the body first: net/http closes the body when the answer begins, and
// a transport that has not seen its end would then cut the answer off.
func (s *Satellite) pass(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			writeJSON(w, http.StatusRequestEntityTooLarge, errorBody("too_large", "the body cannot be read: "+err.Error()))
			return
		}
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	s.proxy.ServeHTTP(w, r)
}

func (s *Satellite) serveKey(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", methods{http.MethodGet: {}}.allowed())
		writeJSON(w, http.StatusMethodNotAllowed, errorBody("method_not_allowed", r.Method+" is not allowed here"))
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"key": s.public, "fingerprint": s.fingerprint})
}

// serveHealth is healthy when the primary answers, even without a registration.
func (s *Satellite) serveHealth(w http.ResponseWriter, r *http.Request) {
	if err := s.reach(r.Context()); err != nil {
		writeJSON(w, http.StatusServiceUnavailable, errorBody("primary_unreachable", fmt.Sprintf("the primary %s does not answer: %v", s.primary.Redacted(), err)))
		return
	}
	writeJSON(w, http.StatusOK, map[string]string{"msg": "ok"})
}

// reach requests the primary's version.
func (s *Satellite) reach(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.primary.JoinPath("/api").String(), http.NoBody)
	if err != nil {
		return err
	}
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, 4<<10) // so that the connection can be reused
	if response.StatusCode != http.StatusOK || response.Header.Get(versionHeaderKey) == "" {
		return fmt.Errorf("%s, but without a version of Coder", response.Status)
	}
	return nil
}

// rewrite turns a request to the satellite into a signed one to the primary.
func (s *Satellite) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(s.primary)
	r.SetXForwarded()
	for _, name := range []string{headerFingerprint, headerTimestamp, headerSignature} {
		r.Out.Header.Del(name) // no client may pretend to be a satellite
	}
	if err := sign(r.Out, s.key, s.fingerprint, s.options.Now()); err != nil {
		r.Out.Header.Set(headerFingerprint, s.fingerprint) // makes the primary refuse it
	}
}

func (s *Satellite) unreachable(w http.ResponseWriter, _ *http.Request, err error) {
	writeJSON(w, http.StatusBadGateway, errorBody("primary_unreachable", fmt.Sprintf("the primary does not answer: %v", err)))
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
