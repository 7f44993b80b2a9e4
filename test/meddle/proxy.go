// Package meddle puts proxies between the built plugin and its servers: the API servers of a
// region and the primary. It counts the calls. At one of them it kills the plugin, answers
// wrongly, or changes something behind the plugin's back. It also reads the state of a region
// without the plugin's help.
package meddle

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Disturbance is what happens at one of the plugin's external calls: one of Kill, Do and Fault.
type Disturbance struct {
	// Call is the number of the call, from 1; 0 for none.
	Call int
	// Kill kills the plugin: before the call, or after the call took effect but before its answer
	// arrives.
	Kill func()
	// After is set if Kill waits until the call has taken effect.
	After bool
	// Do runs before the call, which is then served normally.
	Do func()
	// Fault is the answer.
	Fault Fault
}

// String describes the disturbance.
func (d Disturbance) String() string {
	switch {
	case d.Do != nil:
		return "something is done before it"
	case d.Kill == nil:
		return "answered by: " + string(d.Fault)
	case d.After:
		return "killed after it took effect"
	default:
		return "killed before it"
	}
}

// Meddler is the proxies between the plugin and all its servers, and counts the plugin's calls.
type Meddler struct {
	mu    sync.Mutex
	count int
	did   string // the disturbed call; empty if there was none
	now   Disturbance
	trace []string
	log   []byte // errors of the proxies themselves
}

// Write appends to the proxies' log.
func (m *Meddler) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, line...)
	return len(line), nil
}

// Complaints returns what the proxies logged in this run.
func (m *Meddler) Complaints() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.log)
}

// Begin sets the disturbance of the next run, and resets the counters.
func (m *Meddler) Begin(d Disturbance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count, m.did, m.now, m.trace, m.log = 0, "", d, nil, nil
}

// Calls returns the number of calls, and the disturbed one.
func (m *Meddler) Calls() (count int, disturbed string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count, m.did
}

// next counts a call, and returns its disturbance.
func (m *Meddler) next(r *http.Request) (Disturbance, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	what := r.Method + " " + r.URL.Path
	m.trace = append(m.trace, what)
	if m.count != m.now.Call {
		return Disturbance{}, false
	}
	m.did = what
	return m.now, true
}

// Front is the proxy for one server. The plugin takes it for that server.
type Front struct {
	URL    string
	server *http.Server
	away   atomic.Bool
}

func (f *Front) close() { _ = f.server.Close() }

// Away makes the server unreachable, for satellites as well as the plugin, or reachable again.
func (f *Front) Away(away bool) { f.away.Store(away) }

type disturbKey struct{}

// stand starts the proxy for a server.
func (m *Meddler) stand(target, certFile, keyFile, caFile string) (*Front, error) {
	ca, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	behind, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	complain := slog.NewLogLogger(slog.NewTextHandler(m, nil), slog.LevelError)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(behind) },
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, MaxIdleConnsPerHost: 32},
		ErrorLog:  complain,
		ModifyResponse: func(r *http.Response) error {
			d, ok := r.Request.Context().Value(disturbKey{}).(Disturbance)
			if !ok {
				return nil
			}
			// the whole answer has arrived, so the call has taken effect
			if r.StatusCode != http.StatusSwitchingProtocols {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			d.Kill()
			return fmt.Errorf("killed")
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if _, ok := r.Context().Value(disturbKey{}).(Disturbance); !ok {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			hangUp(w)
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	front := &Front{URL: "https://" + listener.Addr().String()}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: complain}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if front.away.Load() {
			hangUp(w)
			return
		}
		// The body is read first: net/http closes it when the answer begins, and a transport that
		// has not reached its end would then truncate the answer.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the plugin is gone
		}
		if len(body) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		// requests that a satellite forwards are not the plugin's calls
		if r.Header.Get("Coder-Satellite-Fingerprint") != "" || strings.HasPrefix(r.UserAgent(), "Go-http-client") {
			proxy.ServeHTTP(w, r)
			return
		}
		d, disturbed := m.next(r)
		switch {
		case !disturbed:
			proxy.ServeHTTP(w, r)
		case d.Do != nil:
			d.Do()
			proxy.ServeHTTP(w, r)
		case d.Kill == nil:
			d.Fault.answer(w, r, proxy)
		case d.After:
			proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), disturbKey{}, d)))
		default:
			d.Kill()
			hangUp(w)
		}
	})
	front.server = server
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	return front, nil
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}
