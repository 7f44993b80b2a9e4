package node

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestProbeNote(t *testing.T) {
	down, reset := errors.New("down"), errors.New("reset")
	type step struct {
		Answer  error
		Changed bool
		State   string
	}
	tests := map[string][]step{
		"one success is enough":         {{nil, true, ""}, {nil, false, ""}},
		"never ready says so at once":   {{down, true, "down"}, {down, false, "down"}, {reset, true, "reset"}, {nil, true, ""}},
		"ready stands some failures":    {{nil, true, ""}, {down, false, ""}, {down, false, ""}, {nil, false, ""}, {down, false, ""}},
		"ready stands no more than two": {{nil, true, ""}, {down, false, ""}, {down, false, ""}, {reset, true, "reset"}, {nil, true, ""}},
	}
	for name, steps := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProbe("", nil, nil, nil)
			if !errors.Is(p.ready(), errNotProbed) {
				t.Errorf("before the first answer: %v", p.ready())
			}
			for i, step := range steps {
				changed, state := p.note(step.Answer), ""
				if p.ready() != nil {
					state = p.ready().Error()
				}
				if changed != step.Changed || state != step.State {
					t.Errorf("answer %d: want changed %v and state %q, got %v and %q", i, step.Changed, step.State, changed, state)
				}
			}
		})
	}
}

func TestProbeSettings(t *testing.T) {
	got := func(spec *corev1.Probe) [2]int {
		p := newProbe("", nil, spec, nil)
		return [2]int{int(p.period / time.Second), p.threshold}
	}
	if diff := cmp.Diff([2]int{1, 3}, got(nil)); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([2]int{5, 2}, got(&corev1.Probe{PeriodSeconds: 5, FailureThreshold: 2})); diff != "" {
		t.Errorf("the chart's own (-want +got):\n%s", diff)
	}
}

func TestProbeAsk(t *testing.T) {
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte("because"))
	}))
	p := newProbe(server.URL, server.Client(), nil, nil)
	if err := p.ask(t.Context()); err != nil {
		t.Errorf("healthy: %v", err)
	}
	status = http.StatusServiceUnavailable
	if err := p.ask(t.Context()); err == nil || !strings.Contains(err.Error(), "statuscode: 503: because") {
		t.Errorf("unhealthy: %v", err)
	}
	server.Close()
	if err := p.ask(t.Context()); err == nil {
		t.Error("a server that is gone is ready")
	}
	p.url = "://"
	if err := p.ask(t.Context()); err == nil {
		t.Error("a malformed URL is ready")
	}
}
