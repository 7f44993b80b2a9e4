package report

import (
	"archive/tar"
	"compress/gzip"
	"errors"
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
	Made           time.Time // when it was begun
	names, texts   []string
	there, missing string
}

// Add puts a text into the bundle, without what looks like a secret or a terminal would
// obey; or, if err is not nil, why it is missing.
func (b *Bundle) Add(name, what, text string, err error) {
	if err != nil {
		b.missing += printer.Escape(fmt.Sprintf("  %s, %s: %s\n", name, what, strings.ReplaceAll(err.Error(), "\n", " ")))
		return
	}
	text, _ = redact.Object(text).(string) // of a string it makes a string
	text = printer.Escape(text)
	b.names, b.texts = append(b.names, name), append(b.texts, text)
	b.there += printer.Escape(fmt.Sprintf("  %s, %s: %d bytes\n", name, what, len(text)))
}

// Index lists what is in the bundle, and what could not be collected.
func (b *Bundle) Index() string {
	text := "Support bundle of " + b.Made.UTC().Format("2006-01-02 15:04:05 UTC") + ". Secrets were taken out; host names and e-mail addresses were not.\n\n" + b.there
	if b.missing != "" {
		text += "\nNot collected:\n" + b.missing
	}
	return text
}

// Write writes the bundle as a .tar.gz, its list, INDEX, first.
func (b *Bundle) Write(w io.Writer) (err error) {
	zipped := gzip.NewWriter(w)
	archive := tar.NewWriter(zipped)
	texts := append([]string{b.Index()}, b.texts...)
	for i, name := range append([]string{"INDEX"}, b.names...) {
		head := &tar.Header{Name: "coder-satellite-support/" + name, Mode: 0o600, Size: int64(len(texts[i])), ModTime: b.Made}
		err = errors.Join(err, archive.WriteHeader(head))
		_, failed := io.WriteString(archive, texts[i])
		err = errors.Join(err, failed)
	}
	return errors.Join(err, archive.Close(), zipped.Close())
}
