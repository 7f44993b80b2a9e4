package codertest

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"
)

// Fault is a rule by which the primary fails. With none of the effects below except Delay, the request succeeds, late.
type Fault struct {
	// Method restricts the rule; empty means any.
	Method string `json:"method,omitempty"`
	// Path is a pattern as in path.Match, or ends in "**" for everything below; empty means any.
	Path string `json:"path,omitempty"`
	// After is how many matching requests succeed first.
	After int `json:"after,omitempty"`
	// Times is how many requests then fail; 0 means all.
	Times int `json:"times,omitempty"`

	// Delay passes before anything else happens; nanoseconds in JSON.
	Delay time.Duration `json:"delay,omitempty"`
	// Late lets the delay outlive the client: the request has its effect although its sender has given up.
	Late bool `json:"late,omitempty"`
	// ResetBefore ends the connection before the request has an effect, ResetAfter afterwards, instead of an answer.
	ResetBefore bool `json:"resetBefore,omitempty"`
	ResetAfter  bool `json:"resetAfter,omitempty"`
	// Status answers with this status and the Body, without effect; 200 if there is only a Body.
	Status int `json:"status,omitempty"`
	// ContentType and Body belong to the answer: the API's own error if both are empty. An empty ContentType is guessed
	// from the Body.
	ContentType string `json:"contentType,omitempty"`
	Body        string `json:"body,omitempty"`
	// RetryAfter is sent as that header.
	RetryAfter string `json:"retryAfter,omitempty"`
	// Truncate lets the request have its effect, and cuts the answer's body off in the middle.
	Truncate bool `json:"truncate,omitempty"`
	// Endless answers with an endless body; Drip with one byte a second.
	Endless bool `json:"endless,omitempty"`
	Drip    bool `json:"drip,omitempty"`
}

type fault struct {
	Fault
	id   string
	seen int
}

// AddFault adds a rule; the first that matches a request and is due counts. It returns a function that removes the
// rule.
func (p *Primary) AddFault(f Fault) (remove func()) {
	id := p.addFault(f)
	return func() { p.removeFault(id) }
}

func (p *Primary) addFault(f Fault) (id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	added := &fault{Fault: f, id: newID()}
	p.faults = append(p.faults, added)
	return added.id
}

func (p *Primary) removeFault(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = slices.DeleteFunc(p.faults, func(f *fault) bool { return f.id == id })
}

// ClearFaults removes all rules.
func (p *Primary) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

// matches reports whether the pattern matches a request of that method and path.
func matches(methodPattern, pathPattern, method, requestPath string) bool {
	if methodPattern != "" && methodPattern != method {
		return false
	}
	if prefix, ok := strings.CutSuffix(pathPattern, "**"); ok {
		return strings.HasPrefix(requestPath, prefix)
	}
	matched, err := path.Match(pathPattern, requestPath)
	return pathPattern == "" || err == nil && matched
}

// check says what is wrong with a rule.
func (f Fault) check() error {
	if _, err := path.Match(f.Path, ""); err != nil {
		return fmt.Errorf("path %q: %w", f.Path, err)
	}
	if f.Status != 0 && (f.Status < 200 || f.Status > 599) {
		return fmt.Errorf("status %d is not a final HTTP status", f.Status)
	}
	return nil
}

// due returns the rule by which the request must fail, or nil.
func (p *Primary) due(r *http.Request) *fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.faults {
		if !matches(f.Method, f.Path, r.Method, r.URL.Path) {
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
