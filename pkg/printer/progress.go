package printer

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// ProgressOptions are how progress looks.
type ProgressOptions struct {
	// Terminal tells to keep a line per region up to date by ANSI sequences.
	// Without it every event is a line of its own.
	Terminal bool
	// Width is of the terminal, in columns; DefaultWidth if zero.
	Width int
	// Color tells to colour text.
	Color bool
	// Clock drives the times that are shown; needed on a terminal only.
	Clock clock.WithTicker
}

// Progress shows what goes on during a run. All its methods are safe for use by
// several goroutines. Close it before anything else is written to the terminal.
type Progress struct {
	options ProgressOptions

	mu     sync.Mutex
	w      io.Writer
	err    error             // the first that writing gave
	last   map[string]string // by region: the last line, to leave out repetitions
	live   []*liveLine       // on a terminal: regions at work, in the order in which they began
	drawn  int               // lines of live that are on the screen
	rest   []byte            // an unfinished line given to Write
	closed bool

	stop chan struct{}
	done chan struct{}
}

// redraw is how often the times on a terminal go on.
const redraw = time.Second

// NewProgress returns a Progress that writes to w, usually standard error.
func NewProgress(w io.Writer, options ProgressOptions) *Progress {
	if options.Width <= 0 {
		options.Width = DefaultWidth
	}
	p := &Progress{options: options, w: w, last: make(map[string]string), stop: make(chan struct{}), done: make(chan struct{})}
	if !options.Terminal {
		close(p.done)
		return p
	}
	go p.tick(options.Clock.NewTicker(redraw))
	return p
}

func (p *Progress) tick(ticker clock.Ticker) {
	defer close(p.done)
	defer ticker.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-ticker.C():
			p.mu.Lock()
			if len(p.live) > 0 {
				p.draw("")
			}
			p.mu.Unlock()
		}
	}
}

// Report shows an event. After Close it does nothing.
func (p *Progress) Report(event v1alpha1.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	text := eventLine(event, p.options)
	if p.last[event.Region] == text {
		return
	}
	p.last[event.Region] = text
	switch {
	case !p.options.Terminal:
		p.write(text + "\n")
	case event.Region == "":
		p.draw(text + "\n")
	case event.State == v1alpha1.StepRunning:
		p.setLive(event)
		p.draw("")
	default:
		p.dropLive(event.Region)
		p.draw(text + "\n")
	}
}

// Write shows other text, such as warnings, above the lines that are kept up to
// date. It is escaped, and shown line by line.
func (p *Progress) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, data...)
	if end := bytes.LastIndexByte(p.rest, '\n'); end >= 0 {
		text := Escape(string(p.rest[:end+1]))
		p.rest = append([]byte(nil), p.rest[end+1:]...)
		p.draw(text)
	}
	return len(data), p.err
}

// Close removes the lines that were kept up to date, and returns the first
// error that writing gave. It may be called again.
func (p *Progress) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.stop)
		p.live = nil
		text := ""
		if len(p.rest) > 0 {
			text = Escape(string(p.rest)) + "\n"
			p.rest = nil
		}
		p.draw(text)
	}
	p.mu.Unlock()
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *Progress) write(text string) {
	if text == "" {
		return
	}
	if _, err := io.WriteString(p.w, text); err != nil && p.err == nil {
		p.err = err
	}
}

// eventLine is an event as a line: "sydney  install-satellite  running: waiting for a pod".
func eventLine(event v1alpha1.Progress, options ProgressOptions) string {
	var parts []string
	for _, part := range []string{event.Region, event.Step} {
		if part != "" {
			parts = append(parts, line(part))
		}
	}
	state, message := words(string(event.State)), line(event.Message)
	if event.Region == "" && event.Step == "" && message != "" {
		return message
	}
	state = stateStyle(event.State).apply(state, options.Color)
	if message != "" {
		state += ": " + message
	}
	return strings.Join(append(parts, state), gap)
}

func stateStyle(state v1alpha1.StepState) style {
	switch state {
	case v1alpha1.StepAlready, v1alpha1.StepDone:
		return good
	case v1alpha1.StepUndone:
		return notice
	case v1alpha1.StepFailed, v1alpha1.StepUndoFailed, v1alpha1.StepInterrupted:
		return bad
	}
	return plain
}
