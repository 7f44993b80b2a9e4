package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
)

// reportFiles are the files of --report.
type reportFiles []string

// addTo defines the flag. What it returns refuses, before anything is asked, files of no known format, and those that
// cannot be written.
func (f *reportFiles) addTo(cmd *cobra.Command) func() error {
	cmd.Flags().StringArrayVar((*[]string)(f), "report", nil,
		"write a report to this file: .html, .xml (JUnit), .md or .prom (Prometheus); a new file is readable by you alone (repeatable)")
	return func() error {
		for _, file := range *f {
			_, err := report.FormatOf(file)
			if err == nil {
				err = replaceFile(file, nil)
			}
			if err != nil {
				return usage(fmt.Errorf("--report: %w", err))
			}
		}
		return nil
	}
}

// record returns what keeps events for the report, and shows them; without files it keeps none.
func (f reportFiles) record(show func(v1alpha1.Progress)) (*bytes.Buffer, func(v1alpha1.Progress)) {
	kept, mu := &bytes.Buffer{}, sync.Mutex{}
	if len(f) == 0 {
		return kept, show
	}
	return kept, func(event v1alpha1.Progress) {
		show(event)
		mu.Lock()
		defer mu.Unlock()
		kept.Write(printer.EventLine(event))
	}
}

// tell writes the report on the events and documents. That it cannot be written is only warned of: what the verb did
// comes first.
func (f reportFiles) tell(env Environment, kept *bytes.Buffer, documents ...runtime.Object) {
	var r report.Report
	var err error
	for _, document := range documents {
		err = errors.Join(err, printJSON(document, kept))
	}
	if err = errors.Join(err, r.Read(kept.Bytes()), f.write(&r)); err != nil {
		_, _ = fmt.Fprintln(env.ErrOut, "warning: --report: "+printer.Escape(err.Error()))
	}
}

// write writes each file, whose format was checked.
func (f reportFiles) write(r *report.Report) (err error) {
	for _, file := range f {
		var text bytes.Buffer
		format, _ := report.FormatOf(file)
		err = errors.Join(err, r.Write(&text, format), replaceFile(file, text.Bytes()))
	}
	return err
}

// replaceFile replaces a regular file at once: whoever reads it meanwhile, as node_exporter does, never sees half of
// it. A new file is readable by its owner alone, since reports name hosts and people; one that is there keeps its mode.
// Without data it only tries.
func replaceFile(path string, data []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		if mode = info.Mode().Perm(); !info.Mode().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".coder-satellite-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // after a rename there is none
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(mode), file.Close()); err != nil || data == nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

// printJSON prints a document as -o json does.
func printJSON(document runtime.Object, w *bytes.Buffer) error {
	p, err := printer.New("json", printer.Options{})
	if err != nil {
		return err
	}
	return p.PrintObj(document, w)
}
