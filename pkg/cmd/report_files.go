package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
)

type reportFiles []string

func (f *reportFiles) addTo(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(f), "report", nil,
		"write a report to this file: .html, .xml (JUnit), .md or .prom (Prometheus); a new file is readable by you alone (repeatable)")
}

// check refuses files of unknown format, and those that cannot be written.
func (f reportFiles) check() error {
	for _, file := range f {
		_, err := report.FormatOf(file)
		if err == nil {
			err = replaceFile(file, nil)
		}
		if err != nil {
			return usagef("--report: %w", err)
		}
	}
	return nil
}

// record shows events and keeps them. kept returns those so far, a line each.
func record(show func(v1alpha1.Progress)) (kept func() []byte, report func(v1alpha1.Progress)) {
	var mu sync.Mutex
	var lines []byte
	kept = func() []byte {
		mu.Lock()
		defer mu.Unlock()
		return bytes.Clone(lines)
	}
	return kept, func(event v1alpha1.Progress) {
		show(event)
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, printer.EventLine(event)...)
	}
}

// writeReports writes the reports on events and documents. A failure is only a warning: the verb's outcome matters more.
func (o *documentOptions) writeReports(events []byte, documents ...runtime.Object) {
	if len(o.reports) == 0 {
		return
	}
	var r report.Report
	var err error
	all := bytes.NewBuffer(events)
	for _, document := range documents {
		err = errors.Join(err, printJSON(document, all))
	}
	if err = errors.Join(err, r.Read(all.Bytes()), o.reports.write(&r)); err != nil {
		_, _ = fmt.Fprintln(o.env.ErrOut, "warning: --report: "+printer.Escape(err.Error()))
	}
}

func (f reportFiles) write(r *report.Report) (err error) {
	for _, file := range f {
		var text bytes.Buffer
		format, _ := report.FormatOf(file)
		err = errors.Join(err, r.Write(&text, format), replaceFile(file, text.Bytes()))
	}
	return err
}

// replaceFile replaces a regular file atomically, for readers such as node_exporter, and keeps its mode. A new file is
// private, since reports name hosts and people. Without data it only tries.
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

func printJSON(document runtime.Object, w io.Writer) error {
	p, err := printer.New("json", printer.Options{})
	if err != nil {
		return err
	}
	return p.PrintObj(document, w)
}

// keepEvents shows events and appends them to the file, if one is named. end warns if any is missing; that fails no run.
func keepEvents(env Environment, path string, show func(v1alpha1.Progress)) (report func(v1alpha1.Progress), end func(), err error) {
	if path == "" {
		return show, func() {}, nil
	}
	if info, err := os.Stat(path); path == "-" || err == nil && !info.Mode().IsRegular() { // a pipe that nobody reads would stop the run
		return nil, nil, usagef("--events %s is not a regular file: name one, and follow it with `tail -f`", path)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, usagef("--events cannot be written: %w", err)
	}
	var mu sync.Mutex
	report = func(event v1alpha1.Progress) {
		show(event)
		mu.Lock()
		defer mu.Unlock()
		if err == nil { // otherwise the last line may be torn
			_, err = file.Write(printer.EventLine(event))
		}
	}
	return report, func() {
		if err := errors.Join(err, file.Close()); err != nil {
			_, _ = fmt.Fprintln(env.ErrOut, "warning: events are missing from --events: "+printer.Escape(err.Error()))
		}
	}, nil
}
