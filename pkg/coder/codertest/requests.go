package codertest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"slices"
	"time"
)

// maxRequests is how many requests the log keeps.
const maxRequests = 100_000

// Request is one request in the primary's log, which is in the order of arrival.
type Request struct {
	Time   time.Time `json:"time"`
	Method string    `json:"method"`
	Path   string    `json:"path"`
	// Status is 0 while the request is in progress, and after a reset.
	Status int `json:"status"`
	// Pending is set while the request is in progress, for a WebSocket until it closes.
	Pending bool `json:"pending,omitempty"`
	// User is the user's e-mail address; empty if unauthenticated.
	User string `json:"user,omitempty"`
	// Satellite is the fingerprint of the satellite that forwarded it; empty if none did.
	Satellite string `json:"satellite,omitempty"`
	// Agent is the User-Agent.
	Agent string `json:"agent,omitempty"`
}

// Requests returns the requests since the start or the last reset.
func (p *Primary) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests := make([]Request, len(p.requests))
	for i, request := range p.requests {
		requests[i] = *request
	}
	return requests
}

// Count returns how many requests of that method and path, as in a Fault, the log holds.
func (p *Primary) Count(method, path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	count := 0
	for _, request := range p.requests {
		if matches(method, path, request.Method, request.Path) {
			count++
		}
	}
	return count
}

// Writes returns the requests that change something.
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

// note adds to the log entry of this request.
func (c *call) note(add func(*Request)) {
	if entry, ok := c.r.Context().Value(requestKey{}).(*Request); ok {
		c.primary.mu.Lock()
		defer c.primary.mu.Unlock()
		add(entry)
	}
}

// logged logs every request. A closed primary serves none.
func (p *Primary) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		entry := &Request{
			Time: p.now(), Method: r.Method, Path: r.URL.Path, Pending: true,
			Satellite: r.Header.Get(headerFingerprint), Agent: r.UserAgent(),
		}
		if !p.begin(entry) {
			c := &call{primary: p, w: w, r: r}
			c.answerError(refuse(http.StatusServiceUnavailable, "unavailable", "the primary is shutting down"))
			c.send()
			return
		}
		recorder := &recorder{ResponseWriter: w}
		defer p.end(entry, recorder)
		next.ServeHTTP(recorder, r.WithContext(context.WithValue(r.Context(), requestKey{}, entry)))
	})
}

// begin reports false if the primary is closed.
func (p *Primary) begin(entry *Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Add(1)
	if len(p.requests) < maxRequests {
		p.requests = append(p.requests, entry)
	}
	return true
}

func (p *Primary) end(entry *Request, recorder *recorder) {
	p.mu.Lock()
	entry.Status, entry.Pending = recorder.status, false
	p.mu.Unlock()
	p.running.Done()
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

// Unwrap gives http.ResponseController access to the underlying writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Hijack hands the connection over to a WebSocket.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	connection, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.status = http.StatusSwitchingProtocols
	}
	return connection, buffered, err
}
