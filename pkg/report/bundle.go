package report

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Bundle is an archive for whoever helps an operator: texts without secrets, and a list
// of what is in it and what is not.
type Bundle struct {
	// Made is when it was begun.
	Made    time.Time
	files   []bundled
	missing []string
}

type bundled struct{ name, what, text string }

// Add puts a text into the bundle, without what looks like a secret or a terminal would
// obey, or, if err is not nil, why it is missing.
func (b *Bundle) Add(name, what, text string, err error) {
	if err != nil {
		b.missing = append(b.missing, "  "+printer.Escape(fmt.Sprintf("%s (%s): %v", name, what, err)))
		return
	}
	if clean, ok := redact.Object(text).(string); ok {
		b.files = append(b.files, bundled{name, what, printer.Escape(clean)})
	}
}

// Index lists what is in the bundle, and what could not be collected.
func (b *Bundle) Index() string {
	lines := []string{"Support bundle of " + b.Made.UTC().Format("2006-01-02 15:04:05 UTC") + ". Secrets were taken out; host names and e-mail addresses were not.", ""}
	for _, file := range b.files {
		lines = append(lines, printer.Escape(fmt.Sprintf("%9d  %s: %s", len(file.text), file.name, file.what)))
	}
	if len(b.missing) > 0 {
		lines = append(append(lines, "", "Not collected:"), b.missing...)
	}
	return strings.Join(lines, "\n") + "\n"
}

// Write writes the bundle as a .tar.gz, its list, INDEX, first.
func (b *Bundle) Write(w io.Writer) error {
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	for _, file := range append([]bundled{{name: "INDEX", text: b.Index()}}, b.files...) {
		head := &tar.Header{Name: "coder-satellite-support/" + file.name, Mode: 0o600, Size: int64(len(file.text)), ModTime: b.Made}
		if err := archive.WriteHeader(head); err != nil {
			return err
		}
		if _, err := io.WriteString(archive, file.text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return zipped.Close()
}
