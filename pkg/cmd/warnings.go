package cmd

import (
	"io"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// warnings is where the warnings of API servers go: straight to the error
// stream or, while progress is shown there, through it, so that neither
// overwrites the other. It is safe for use by several goroutines.
type warnings struct {
	mu sync.Mutex
	to io.Writer
}

// newWarnings returns warnings that go to w, made safe for a terminal.
func newWarnings(w io.Writer) *warnings { return &warnings{to: escaping{w}} }

// through sends warnings through w from now on; w makes them safe itself.
func (w *warnings) through(to io.Writer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = to
}

// Write implements io.Writer.
func (w *warnings) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(data)
}

// escaping writes text out that a terminal would obey.
type escaping struct{ io.Writer }

// Write implements io.Writer; data is whole characters.
func (e escaping) Write(data []byte) (int, error) {
	if _, err := io.WriteString(e.Writer, printer.Escape(string(data))); err != nil {
		return 0, err
	}
	return len(data), nil
}
