// Package measure asks, while a region is worked on, what users' clients ask, and says
// what they felt: how long the answers took before, meanwhile and afterwards, and for
// how long there was none. It changes nothing, and decides nothing.
package measure

import (
	"context"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// How often a path is asked, at how long a distance all of them together are, and when
// an answer is no longer waited for.
const (
	interval = time.Second
	spacing  = 250 * time.Millisecond
	patience = 3 * time.Second
)

// Path is one way that users' clients go.
type Path struct {
	// Name, Provider and URL are as in v1alpha1.PathMeasurement.
	Name, Provider, URL string
	// Ask asks once, and returns nil if there was an answer. It must end soon after its
	// context does, and is never called while it runs.
	Ask func(context.Context) error
	// Close ends what Ask keeps; may be nil.
	Close func()
	// New is set if nobody uses the path yet: until its first answer, none is missed.
	New bool
}

// Phase is a part of the time that is measured.
type Phase int

// Phases, in order.
const (
	Before Phase = iota // of the change
	During
	After
	phases
)

// Watch asks each path once a second, or more than four of them more rarely, so that it
// asks four times a second at most, until it is stopped.
type Watch struct {
	clock clock.WithTicker
	every time.Duration
	stop  context.CancelFunc
	paths []*series
	group sync.WaitGroup

	mu    sync.Mutex
	phase Phase
}

// Start begins to ask. Stop must be called; the end of ctx ends the asking, too.
func Start(ctx context.Context, clock clock.WithTicker, paths []Path) *Watch {
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{clock: clock, every: max(interval, time.Duration(len(paths))*spacing), stop: stop}
	for _, path := range paths {
		asking, end := context.WithCancel(ctx)
		s := &series{path: path, again: make(chan chan<- struct{}), stop: end, ended: make(chan struct{})}
		w.paths = append(w.paths, s)
		w.group.Go(func() { w.follow(asking, s) })
	}
	return w
}

// follow asks one path until ctx ends.
func (w *Watch) follow(ctx context.Context, s *series) {
	defer close(s.ended)
	defer s.stop()
	if s.path.Close != nil {
		defer s.path.Close()
	}
	ticker := w.clock.NewTicker(w.every)
	defer ticker.Stop()
	w.ask(ctx, s)
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
			w.ask(ctx, s)
		case asked := <-s.again:
			w.ask(ctx, s)
			close(asked)
		}
	}
}

// ask asks a path once, and notes how that went, unless the watch has ended meanwhile.
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

// Begin begins a phase: what is asked from now on belongs to it.
func (w *Watch) Begin(phase Phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.phase = phase
}

// End asks a path no more, of one provider or of all if it is empty, because users no
// longer go there; what was found stays. It returns when nothing is asked any longer.
func (w *Watch) End(name, provider string) {
	for _, s := range w.paths {
		if s.path.Name == name && (provider == "" || s.path.Provider == "" || s.path.Provider == provider) {
			s.stop()
			<-s.ended
		}
	}
}

// Stop asks each path once more, for there to be an answer of the last phase, and
// ends. The measurements are in the order of the paths.
func (w *Watch) Stop() []v1alpha1.PathMeasurement {
	var last sync.WaitGroup
	for _, s := range w.paths {
		last.Go(func() {
			asked := make(chan struct{})
			select {
			case s.again <- asked:
				<-asked
			case <-s.ended:
			}
		})
	}
	last.Wait()
	w.stop()
	w.group.Wait()
	measured := make([]v1alpha1.PathMeasurement, len(w.paths))
	for i, s := range w.paths {
		measured[i] = s.measured()
	}
	return measured
}
