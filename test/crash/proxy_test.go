package crash

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
	"time"
)

// disturbance is what happens to one of the plugin's outside calls.
type disturbance struct {
	// call is the number of the call, from 1; 0 disturbs none.
	call int
	// kill kills the plugin: before the call, or after it took effect but
	// before its answer arrives.
	kill func()
	// after tells to let the call have its effect first.
	after bool
	// fault, if there is no kill, answers instead.
	fault fault
}

// meddler stands between the plugin and all its servers, and counts its calls.
type meddler struct {
	mu    sync.Mutex
	count int
	did   string // what was disturbed; empty if nothing was
	now   disturbance
	trace []string
	log   []byte // what the proxies themselves complained of
}

// Write takes a line of a proxy's log.
func (m *meddler) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = append(m.log, line...)
	return len(line), nil
}

// complaints are what the proxies logged in this run.
func (m *meddler) complaints() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.log)
}

// begin sets what to do with the next run's calls.
func (m *meddler) begin(d disturbance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count, m.did, m.now, m.trace, m.log = 0, "", d, nil, nil
}

// calls are how many calls there were, and which one was disturbed.
func (m *meddler) calls() (count int, disturbed string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count, m.did
}

// next counts a call, and returns what to do with it.
func (m *meddler) next(r *http.Request) (disturbance, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	what := r.Method + " " + r.URL.Path
	m.trace = append(m.trace, what)
	if m.count != m.now.call {
		return disturbance{}, false
	}
	m.did = what
	return m.now, true
}

// front is a server that the plugin takes for the one behind it.
type front struct {
	URL    string
	server *http.Server
}

func (f *front) close() { _ = f.server.Close() }

type disturbKey struct{}

// stand puts the meddler in front of a server.
func (m *meddler) stand(target, certFile, keyFile, caFile string) (*front, error) {
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
			d, ok := r.Request.Context().Value(disturbKey{}).(disturbance)
			if !ok {
				return nil
			}
			// the whole answer is there: the call has had its effect
			if r.StatusCode != http.StatusSwitchingProtocols {
				_, _ = io.Copy(io.Discard, r.Body)
			}
			d.kill()
			return fmt.Errorf("killed")
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if _, ok := r.Context().Value(disturbKey{}).(disturbance); !ok {
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
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, ErrorLog: complain}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
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
		case d.kill == nil:
			d.fault.answer(w, r, proxy)
		case d.after:
			proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), disturbKey{}, d)))
		default:
			d.kill()
			hangUp(w)
		}
	})
	go func() {
		_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}))
	}()
	return &front{URL: "https://" + listener.Addr().String(), server: server}, nil
}

// hangUp breaks the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = connection.Close()
	}
}

// fault is how a server may fail.
type fault string

// The faults, each of which may befall any call.
const (
	fault500       fault = "500"
	fault503       fault = "503 with Retry-After"
	fault429       fault = "429"
	fault409       fault = "409"
	faultTimeout   fault = "no answer"
	faultReset     fault = "reset"
	faultResetLate fault = "reset after the effect"
	faultTruncated fault = "truncated"
	faultHTML      fault = "HTML"
	faultEndless   fault = "endless"
	faultDrip      fault = "slow drip"
)

func allFaults() []fault {
	return []fault{fault500, fault503, fault429, fault409, faultTimeout, faultReset, faultResetLate, faultTruncated, faultHTML, faultEndless, faultDrip}
}

func (f fault) answer(w http.ResponseWriter, r *http.Request, next http.Handler) {
	status := func(code int, header http.Header, body string) {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
	switch f {
	case fault500:
		status(http.StatusInternalServerError, nil, "")
	case fault503:
		status(http.StatusServiceUnavailable, http.Header{"Retry-After": {"1"}}, "")
	case fault429:
		status(http.StatusTooManyRequests, http.Header{"Retry-After": {"1"}}, "")
	case fault409:
		status(http.StatusConflict, http.Header{"Content-Type": {"application/json"}},
			`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"a conflict was asked for","reason":"Conflict","code":409}`)
	case faultTimeout:
		<-r.Context().Done()
	case faultReset:
		hangUp(w)
	case faultResetLate:
		next.ServeHTTP(&sink{header: http.Header{}}, r)
		hangUp(w)
	case faultTruncated:
		whole := &sink{header: http.Header{}}
		next.ServeHTTP(whole, r)
		w.Header().Set("Content-Type", whole.header.Get("Content-Type"))
		w.Header().Set("Content-Length", fmt.Sprint(whole.body.Len()+100))
		w.WriteHeader(max(whole.status, 200))
		_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
	case faultHTML:
		status(http.StatusOK, http.Header{"Content-Type": {"text/html"}}, "<html><body>Please log in</body></html>")
	case faultEndless:
		w.Header().Set("Content-Type", "application/json")
		for chunk := bytes.Repeat([]byte(" "), 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	case faultDrip:
		w.Header().Set("Content-Type", "application/json")
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for r.Context().Err() == nil {
			if _, err := w.Write([]byte(" ")); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.Context().Done():
			case <-ticker.C:
			}
		}
	}
}

// sink keeps an answer instead of sending it.
type sink struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(code int)           { s.status = code }
func (s *sink) Write(data []byte) (int, error) { return s.body.Write(data) }
