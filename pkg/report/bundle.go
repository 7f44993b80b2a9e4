package report

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// Bundle is an archive for whoever helps an operator: texts without secrets, and a list of what it holds and lacks.
type Bundle struct {
	Made         time.Time // when it was begun
	Index        string    // the list
	names, texts []string
}

// Add adds a text, without secrets and control characters, to the bundle or, if err is not nil, why it is missing.
func (b *Bundle) Add(name, what, text string, err error) {
	if err != nil {
		b.Index += printer.Escape(fmt.Sprintf("NOT COLLECTED: %s, %s: %s\n", name, what, oneLine(redact.Text(err.Error()))))
		return
	}
	text, _ = redact.Object(text).(string) // of a string it makes a string
	b.names, b.texts = append(b.names, name), append(b.texts, printer.Escape(text))
	b.Index += printer.Escape(fmt.Sprintf("%s, %s\n", name, what))
}

// Write writes the bundle as a .tar.gz, its list, INDEX, first.
func (b *Bundle) Write(w io.Writer) (err error) {
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	texts := append([]string{b.Index}, b.texts...)
	for i, name := range append([]string{"INDEX"}, b.names...) {
		head := &tar.Header{Name: "coder-satellite-support/" + name, Mode: 0o600, Size: int64(len(texts[i])), ModTime: b.Made}
		err = errors.Join(err, archive.WriteHeader(head))
		_, failed := io.WriteString(archive, texts[i])
		err = errors.Join(err, failed)
	}
	return errors.Join(err, archive.Close(), zipped.Close())
}
