package codertest

import (
	"bufio"
	"net"
	"net/http"
	"slices"
	"time"
)

// maxRequests is how many requests the log keeps.
const maxRequests = 100_000

// Request is one request in the primary's log.
type Request struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Status is 0 when the connection was reset instead of answered.
	Status int `json:"status"`
	// User is the e-mail address of who asked; empty if nobody was told.
	User string `json:"user,omitempty"`
	// Satellite is the fingerprint of the satellite that passed it on; empty if none did.
	Satellite string `json:"satellite,omitempty"`
	// Agent is the User-Agent.
	Agent string `json:"agent,omitempty"`
}

// Requests returns the requests since the start or the last reset.
func (p *Primary) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Writes returns those of the requests that ask for a change.
func (p *Primary) Writes() []Request {
	return slices.DeleteFunc(p.Requests(), func(r Request) bool {
		return r.Method == http.MethodGet || r.Method == http.MethodHead
	})
}

// ResetRequests empties the log.
func (p *Primary) ResetRequests() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = nil
}

type requestKey struct{}

// note adds something to the log entry of this request.
func (c *call) note(add func(*Request)) {
	if entry, ok := c.r.Context().Value(requestKey{}).(*logEntry); ok {
		c.primary.mu.Lock()
		defer c.primary.mu.Unlock()
		add(&entry.request)
	}
}

type logEntry struct{ request Request }

// logged puts every request into the log when it is over.
func (p *Primary) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := &logEntry{Request{
			Time: p.now(), Method: r.Method, Path: r.URL.Path,
			Satellite: r.Header.Get(headerFingerprint), Agent: r.UserAgent(),
		}}
		recorder := &recorder{ResponseWriter: w}
		defer func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			entry.request.Status = recorder.status
			if len(p.requests) < maxRequests {
				p.requests = append(p.requests, entry.request)
			}
		}()
		next.ServeHTTP(recorder, r.WithContext(contextWithEntry(r.Context(), entry)))
	})
}

// recorder remembers the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(data []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach what the recorder does not have.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Hijack hands the connection over to a WebSocket.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	r.status = http.StatusSwitchingProtocols
	return http.NewResponseController(r.ResponseWriter).Hijack()
}
