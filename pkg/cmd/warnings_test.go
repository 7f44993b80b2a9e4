package cmd

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"k8s.io/client-go/rest"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// Warnings are safe for a terminal, and go through the progress while there is one.
func TestWarnings(t *testing.T) {
	var direct, shown bytes.Buffer
	w := newWarnings(&direct)
	handler := rest.NewWarningWriter(w, rest.WarningWriterOptions{Deduplicate: true})
	for range 2 {
		handler.HandleWarningHeader(299, "-", hostile)
	}
	if got := direct.String(); got != "Warning: a^[[2Jb\\x9bc\n" {
		t.Errorf("%q", got)
	}

	progress := printer.NewProgress(&shown, printer.ProgressOptions{})
	w.through(progress)
	handler.HandleWarningHeader(299, "-", "another \x1b[2J")
	progress.Close()
	if got := shown.String(); got != "Warning: another ^[[2J\n" {
		t.Errorf("through the progress: %q", got)
	}
	handler.HandleWarningHeader(299, "-", "after the end")
	if !strings.HasSuffix(shown.String(), "Warning: after the end\n") || strings.Count(direct.String(), "\n") != 1 {
		t.Errorf("after the progress: %q, %q", shown.String(), direct.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWarningsThatCannotBeWritten(t *testing.T) {
	if n, err := newWarnings(full{}).Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("%d, %v", n, err)
	}
	var out bytes.Buffer
	// what is written out is longer, which is the writer's business alone
	if n, err := newWarnings(&out).Write([]byte("\x1b")); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
