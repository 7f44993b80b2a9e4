package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// errNotProbed is a workload's state before the first answer.
var errNotProbed = errors.New("not probed yet")

// probe polls a workload's readiness as a kubelet does: one success makes it ready, several
// failures in a row make it unready.
type probe struct {
	url       string
	client    *http.Client
	period    time.Duration
	threshold int
	// changed is called when the state has changed.
	changed func()

	mu       sync.Mutex
	state    error
	failures int
}

// newProbe takes the period and the threshold from the container's readiness probe. The path is
// the workload's own.
func newProbe(url string, client *http.Client, spec *corev1.Probe, changed func()) *probe {
	p := &probe{url: url, client: client, period: time.Second, threshold: 3, changed: changed, state: errNotProbed}
	if spec != nil && spec.PeriodSeconds > 0 {
		p.period = time.Duration(spec.PeriodSeconds) * time.Second
	}
	if spec != nil && spec.FailureThreshold > 0 {
		p.threshold = int(spec.FailureThreshold)
	}
	return p
}

// run probes until ctx ends.
func (p *probe) run(ctx context.Context) {
	ticker := time.NewTicker(p.period)
	defer ticker.Stop()
	for {
		if p.note(p.ask(ctx)) {
			p.changed()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// note records an answer, and reports whether it changes the state.
func (p *probe) note(answer error) (changed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.state
	if answer == nil {
		p.failures, p.state = 0, nil
		return before != nil
	}
	p.failures++
	if before != nil || p.failures >= p.threshold {
		p.state = answer
	}
	return p.state != nil && (before == nil || before.Error() != p.state.Error())
}

// ready returns nil if the workload is ready, and otherwise the reason.
func (p *probe) ready() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

// ask sends one probe.
func (p *probe) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url, http.NoBody)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 512))
		return fmt.Errorf("HTTP probe failed with statuscode: %d: %s", response.StatusCode, body)
	}
	return nil
}
