package codertest

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// faulty makes requests fail by the rules.
func (p *Primary) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.due(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		if f.Late {
			r = r.WithContext(context.WithoutCancel(r.Context()))
		}
		if f.Delay > 0 && !p.delay(r, f.Delay) {
			reset(w)
			return
		}
		switch {
		case f.ResetBefore:
			reset(w)
		case f.ResetAfter:
			next.ServeHTTP(&buffer{header: http.Header{}}, r)
			reset(w)
		case f.Truncate:
			truncated(w, r, next)
		case f.Endless, f.Drip:
			p.dribble(w, r, f.Drip)
		case f.Status > 0 || f.Body != "":
			f.answer(w)
		default: // a delay alone
			next.ServeHTTP(w, r)
		}
	})
}

// delay waits, or reports false if the client hangs up first. net/http notices that only after reading the request's
// body.
func (p *Primary) delay(r *http.Request, d time.Duration) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return false
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return p.sleep(r.Context(), d)
}

// reset ends the connection without an answer: the client sees a TCP reset.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, or a WebSocket: send a truncated answer
		w.Header().Set("Content-Length", "1")
		return
	}
	if r, ok := w.(*recorder); ok {
		r.status = 0
	}
	if secure, ok := connection.(*tls.Conn); ok {
		connection = secure.NetConn() // without TLS's close message
	}
	if plain, ok := connection.(interface{ SetLinger(seconds int) error }); ok {
		_ = plain.SetLinger(0)
	}
	_ = connection.Close()
}

func (f *fault) answer(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	c := &call{w: w}
	if f.Body == "" && f.ContentType == "" {
		_ = c.answer(f.Status, errorBody("fault", "a fault was requested"))
		c.send()
		return
	}
	contentType := f.ContentType
	switch {
	case contentType != "":
	case json.Valid([]byte(f.Body)):
		contentType = "application/json"
	default:
		contentType = http.DetectContentType([]byte(f.Body))
	}
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(cmp.Or(f.Status, http.StatusOK))
	_, _ = w.Write([]byte(f.Body))
}

// truncated serves the request, and cuts the answer off in the middle; one without a body, before it begins.
func truncated(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole := &buffer{header: w.Header()}
	next.ServeHTTP(whole, r)
	if whole.body.Len() == 0 {
		reset(w)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
	w.WriteHeader(whole.status)
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2]) // net/http closes what falls short
}

// dribble answers without end, fast or one byte a second.
func (p *Primary) dribble(w http.ResponseWriter, r *http.Request, slowly bool) {
	w.Header().Set("Content-Type", "application/json")
	chunk, pause := bytes.Repeat([]byte(" "), 32<<10), time.Duration(0)
	if slowly {
		chunk, pause = chunk[:1], time.Second
	}
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		if slowly {
			_ = http.NewResponseController(w).Flush()
		}
		if !p.sleep(r.Context(), pause) {
			reset(w) // returning would complete the answer
			return
		}
	}
}

// buffer keeps an answer instead of sending it.
type buffer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *buffer) Header() http.Header { return b.header }

func (b *buffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

func (b *buffer) Write(data []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(data)
}
