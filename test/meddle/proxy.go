// Package meddle stands between the built plugin and everything that it calls,
// the API server of a region and the primary: it counts the calls, and at one of
// them it kills the plugin, answers wrongly, or does something behind its back.
// It also looks at a region without the plugin's help.
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

// Disturbance is what happens to one of the plugin's outside calls: one of Kill,
// Do and Fault.
type Disturbance struct {
	// Call is the number of the call, from 1; 0 disturbs none.
	Call int
	// Kill kills the plugin: before the call, or after it took effect but
	// before its answer arrives.
	Kill func()
	// After tells Kill to let the call have its effect first.
	After bool
	// Do is done before the call, which is then served as if nothing had been.
	Do func()
	// Fault answers instead.
	Fault Fault
}

// String says in words what is done to a call.
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

// Meddler stands between the plugin and all its servers, and counts its calls.
type Meddler struct {
	mu    sync.Mutex
	count int
	did   string // what was disturbed; empty if nothing was
	now   Disturbance
	trace []string
	log   []byte // what the proxies themselves complained of
}

// Write takes a line of a proxy's log.
func (m *Meddler) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, line...)
	return len(line), nil
}

// Complaints are what the proxies logged in this run.
func (m *Meddler) Complaints() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.log)
}

// Begin sets what to do with the next run's calls.
func (m *Meddler) Begin(d Disturbance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count, m.did, m.now, m.trace, m.log = 0, "", d, nil, nil
}

// Calls are how many calls there were, and which one was disturbed.
func (m *Meddler) Calls() (count int, disturbed string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count, m.did
}

// next counts a call, and returns what to do with it.
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

// Front is a server that the plugin takes for the one behind it.
type Front struct {
	URL    string
	server *http.Server
	away   atomic.Bool
}

func (f *Front) close() { _ = f.server.Close() }

// Away lets the server be away, or come back: nobody gets an answer meanwhile,
// neither the plugin nor a satellite.
func (f *Front) Away(away bool) { f.away.Store(away) }

type disturbKey struct{}

// stand puts the meddler in front of a server.
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
			// the whole answer is there: the call has had its effect
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
		// The body is read first: net/http closes it when the answer begins, and a
		// transport that has yet to see its end would then break the answer off.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the plugin is gone
		}
		if len(body) > 0 {
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		// what a satellite passes on is not the plugin's call
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

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}
