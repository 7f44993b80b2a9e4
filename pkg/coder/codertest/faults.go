package codertest

import (
	"bytes"
	"context"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Fault is a rule by which the primary fails.
type Fault struct {
	// Method restricts the rule; empty means any.
	Method string `json:"method,omitempty"`
	// Path is a pattern as of path.Match, or ends in "**" for everything
	// below; empty means any.
	Path string `json:"path,omitempty"`
	// After is how many matching requests go well first.
	After int `json:"after,omitempty"`
	// Times is how many requests fail then; 0 means all.
	Times int `json:"times,omitempty"`

	// Delay passes before anything else happens.
	Delay time.Duration `json:"delay,omitempty"`
	// ResetBefore breaks the connection before the request has an effect,
	// ResetAfter when it has had it, instead of an answer.
	ResetBefore bool `json:"resetBefore,omitempty"`
	ResetAfter  bool `json:"resetAfter,omitempty"`
	// Status answers with this status and the Body, without effect.
	Status int `json:"status,omitempty"`
	// ContentType and Body are of the answer; the API's own error form if both are empty.
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
	// RetryAfter is sent as the header of that name.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Truncate lets the request have its effect and breaks the answer's body off in the middle.
	Truncate bool `json:"truncate,omitempty"`
	// Endless answers with a body without an end; Drip with one byte a second.
	Endless bool `json:"endless,omitempty"`
	Drip    bool `json:"drip,omitempty"`
}

type fault struct {
	Fault
	id   string
	seen int
}

// AddFault adds a rule; the first rule that matches a request counts. The
// function that it returns removes it.
func (p *Primary) AddFault(f Fault) (remove func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	added := &fault{Fault: f, id: newID()}
	p.faults = append(p.faults, added)
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.faults = slices.DeleteFunc(p.faults, func(f *fault) bool { return f.id == added.id })
	}
}

// ClearFaults removes all rules.
func (p *Primary) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (f *fault) matches(r *http.Request) bool {
	if f.Method != "" && f.Method != r.Method {
		return false
	}
	if prefix, ok := strings.CutSuffix(f.Path, "**"); ok {
		return strings.HasPrefix(r.URL.Path, prefix)
	}
	matched, err := path.Match(f.Path, r.URL.Path)
	return f.Path == "" || err == nil && matched
}

// due returns the rule by which the request is to fail, or nil.
func (p *Primary) due(r *http.Request) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if !f.matches(r) {
			continue
		}
		f.seen++
		if f.seen <= f.After || f.Times > 0 && f.seen > f.After+f.Times {
			continue
		}
		return f
	}
	return nil
}

func contextWithEntry(ctx context.Context, entry *logEntry) context.Context {
	return context.WithValue(ctx, requestKey{}, entry)
}

// faulty lets requests fail by the rules.
func (p *Primary) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.due(r)
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		if f.Delay > 0 && !p.sleep(f.Delay) {
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
		case f.Status > 0:
			f.answer(w)
		default: // a delay alone
			next.ServeHTTP(w, r)
		}
	})
}

// reset breaks the connection without an answer.
func reset(w http.ResponseWriter) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_ = connection.Close()
	if r, ok := w.(*recorder); ok {
		r.status = 0
	}
}

func (f *fault) answer(w http.ResponseWriter) {
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Body == "" && f.ContentType == "" {
		c := &call{w: w}
		_ = c.answer(f.Status, errorBody("fault", "a fault was asked for"))
		return
	}
	w.Header().Set("Content-Type", f.ContentType)
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}

// truncated serves the request, and breaks the answer off in the middle.
func truncated(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole := &buffer{header: w.Header()}
	next.ServeHTTP(whole, r)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("Content-Length")
	w.WriteHeader(max(whole.status, http.StatusOK))
	_, _ = w.Write(whole.body.Bytes()[:whole.body.Len()/2])
}

// dribble answers without an end, fast or one byte a second.
func (p *Primary) dribble(w http.ResponseWriter, r *http.Request, slowly bool) {
	w.Header().Set("Content-Type", "application/json")
	chunk := bytes.Repeat([]byte(" "), 32<<10)
	if slowly {
		chunk = chunk[:1]
	}
	for r.Context().Err() == nil {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		if slowly {
			_ = http.NewResponseController(w).Flush()
			if !p.sleep(time.Second) {
				return
			}
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
