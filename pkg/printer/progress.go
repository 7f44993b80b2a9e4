package printer

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// ProgressOptions configure how progress is shown.
type ProgressOptions struct {
	// Size returns the size of the terminal that shows a line per region, 0 if unknown; without it, each event is a line.
	Size       func() (columns, rows int)
	Color      bool
	Total      int  // how many regions there are; used on a terminal only
	Workspaces bool // set when events are about workspaces: each is a step, and the events' Total is their number
}

// Progress shows what a run is doing. It is safe for concurrent use. A run does not fail because progress cannot be
// written. Close it before anything else is written to the terminal.
type Progress struct {
	options ProgressOptions

	mu     sync.Mutex
	w      io.Writer
	bars   *bars             // nil if not on a terminal
	last   map[string]string // by region: the last line, to leave out repetitions
	asked  map[string]bool   // what a person was asked to do
	rest   []byte            // an unfinished line given to Write
	closed bool
}

// NewProgress returns a Progress that writes to w, usually standard error.
func NewProgress(w io.Writer, options ProgressOptions) *Progress {
	p := &Progress{options: options, w: w, last: make(map[string]string), asked: make(map[string]bool)}
	if options.Size != nil {
		p.bars = &bars{ProgressOptions: options, w: w, starts: map[string]time.Time{}}
		go p.draw()
	}
	return p
}

// draw refreshes the bars until soon after Close.
func (p *Progress) draw() {
	for range time.Tick(200 * time.Millisecond) {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return
		}
		p.bars.write("")
		p.mu.Unlock()
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
	if p.bars != nil && event.Region != "" {
		p.bars.note(event)
		ordinary := event.State == v1alpha1.StepRunning || p.options.Total > few && !p.bars.ends(event) && styleOf(event.State) == good
		if ordinary && !event.Attention || p.asked[text] {
			return // the bar says it
		}
		p.asked[text] = event.Attention
	} else if p.bars == nil && !event.Time.IsZero() {
		text = event.Time.UTC().Format(time.RFC3339) + gap + text
	}
	p.line(text)
}

// Write shows other text, such as warnings, above the bars, escaped and line by line.
func (p *Progress) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, redact.Text(string(data))...) // before it is cut into lines: a key has many
	for {
		text, rest, whole := bytes.Cut(p.rest, []byte("\n"))
		if !whole {
			return len(data), nil
		}
		p.line(Escape(string(text)))
		p.rest = bytes.Clone(rest)
	}
}

// Close removes the bars except the last line, which says how the run ended. It may be called again.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	if len(p.rest) > 0 {
		p.line(Escape(string(p.rest)))
		p.rest = nil
	}
	if p.bars != nil {
		p.bars.over = true
		p.bars.write("")
		p.bars = nil
	}
}

func (p *Progress) line(text string) {
	if p.bars != nil {
		p.bars.write(text + "\n")
		return
	}
	_, _ = io.WriteString(p.w, text+"\n") // nobody may be reading any more; the outcome counts
}

// eventLine is an event as a line: "sydney  install-satellite  running: waiting for a pod".
func eventLine(event v1alpha1.Progress, options ProgressOptions) string {
	state, message := styleOf(event.State).apply(Words(string(event.State)), options.Color), line(event.Message)
	if message != "" {
		state += ": " + message
	}
	if event.Attention {
		state = notice.apply("TO DO", options.Color) + ": " + message
	}
	if event.Region == "" && event.Step == "" && message != "" && !event.Attention {
		state = message
	}
	return beside(line(event.Region), line(stepName(event)), state)
}

func beside(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(text string) bool { return text == "" }), gap)
}

// stepName is the step, with the provider that it belongs to in a region of several.
func stepName(event v1alpha1.Progress) string {
	if event.Provider == "" || event.Step == "" {
		return event.Step
	}
	return event.Step + " (" + event.Provider + ")"
}
