// Package measure probes what users' clients use while a region is changed, and reports what users felt: how long
// answers took before, during and after, and how long there was none. It changes nothing, and decides nothing.
package measure

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// How often a path is probed, the pause between two probes of any path, and how long a probe waits.
const (
	interval = time.Second
	spacing  = 250 * time.Millisecond
	patience = 3 * time.Second
)

// Path is one way that users' clients take.
type Path struct {
	Name, Provider, URL string // as in v1alpha1.PathMeasurement
	// Ask probes once, and returns nil if there was an answer. It must end soon after its context. Calls never overlap.
	Ask   func(context.Context) error
	Close func() // releases what Ask keeps; may be nil
	New   bool   // nobody uses the path yet: failures before its first answer do not count
}

// Phase is a part of the measured time.
type Phase int

// Phases, in order.
const (
	Before Phase = iota // of the change
	During
	After
	phases
)

// Watch probes each path once a second, but no more than four times a second in all, until it is stopped.
type Watch struct {
	clock clock.WithTicker
	every time.Duration
	stop  context.CancelFunc
	last  chan struct{} // closed when the next probe of each path is its last
	paths []*series
	group sync.WaitGroup

	mu    sync.Mutex
	phase Phase
}

// Start begins to probe. Stop must be called, once; the end of ctx also ends the probes.
func Start(ctx context.Context, clock clock.WithTicker, paths []Path) *Watch {
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{clock: clock, every: max(interval, time.Duration(len(paths))*spacing), stop: stop, last: make(chan struct{})}
	for _, path := range paths {
		asking, end := context.WithCancel(ctx)
		s := &series{path: path, stop: end, ended: make(chan struct{})}
		w.paths = append(w.paths, s)
		w.group.Go(func() { w.follow(asking, s) })
	}
	return w
}

func (w *Watch) follow(ctx context.Context, s *series) {
	defer close(s.ended)
	defer s.stop()
	if s.path.Close != nil {
		defer s.path.Close()
	}
	ticker := w.clock.NewTicker(w.every)
	defer ticker.Stop()
	for {
		w.ask(ctx, s)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		case <-w.last:
			w.ask(ctx, s)
			return
		}
	}
}

// ask probes a path once, and notes the result unless the watch has ended meanwhile.
func (w *Watch) ask(ctx context.Context, s *series) {
	asking, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	began := w.clock.Now()
	err := s.path.Ask(asking)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.note(w.phase, began, w.clock.Now(), err)
}

// Begin begins a phase: later probes belong to it.
func (w *Watch) Begin(phase Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = phase
}

// End stops probing a path, of one provider or of all if provider is empty, because users no longer take it. Its results
// stay. End returns when no probe is in progress.
func (w *Watch) End(name, provider string) {
	for _, s := range w.paths {
		if s.path.Name == name && (provider == "" || s.path.Provider == "" || s.path.Provider == provider) {
			s.stop()
			<-s.ended
		}
	}
}

// Stop probes each path once more, for an answer of the last phase, and returns the measurements in the paths' order.
func (w *Watch) Stop() []v1alpha1.PathMeasurement {
	close(w.last)
	w.group.Wait()
	w.stop()
	measured := make([]v1alpha1.PathMeasurement, len(w.paths))
	for i, s := range w.paths {
		measured[i] = s.measured()
	}
	return measured
}
