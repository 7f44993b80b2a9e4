package cmd

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/report"
)

// reportFiles are the files of --report.
type reportFiles []string

// addTo defines the flag. What it returns refuses, before anything is asked, files of no
// known format, and those that cannot be written.
func (f *reportFiles) addTo(cmd *cobra.Command) func() error {
	cmd.Flags().StringArrayVar((*[]string)(f), "report", nil,
		"write a report to this file: .html, .xml (JUnit), .md or .prom (Prometheus); a new file is readable by you alone (repeatable)")
	return func() error {
		for _, file := range *f {
			_, err := report.FormatOf(file)
			if info, failed := os.Stat(file); err == nil && failed == nil && !info.Mode().IsRegular() {
				err = fmt.Errorf("%s is not a regular file", file)
			}
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

// record returns a report that keeps the events that are shown, if there are files to write it to.
func (f reportFiles) record(show func(v1alpha1.Progress)) (*report.Report, func(v1alpha1.Progress)) {
	r, mu := &report.Report{}, sync.Mutex{}
	if len(f) == 0 {
		return r, show
	}
	return r, func(event v1alpha1.Progress) {
		show(event)
		mu.Lock()
		defer mu.Unlock()
		_ = r.Add(&event) // a report takes any number of events
	}
}

// tell writes the report with the documents. That it could not be written is only warned
// of, since what the verb did comes first.
func (f reportFiles) tell(env Environment, r *report.Report, documents ...any) {
	var err error
	for _, document := range documents {
		err = errors.Join(err, r.Add(document))
	}
	if err = errors.Join(err, f.write(r)); err != nil {
		_, _ = fmt.Fprintln(env.ErrOut, "warning: --report: "+printer.Escape(err.Error()))
	}
}

// write writes each file.
func (f reportFiles) write(r *report.Report) (err error) {
	for _, file := range f {
		var text bytes.Buffer
		format, _ := report.FormatOf(file) // it was checked
		if failed := r.Write(&text, format); failed != nil {
			err = errors.Join(err, failed)
		} else {
			err = errors.Join(err, replaceFile(file, text.Bytes()))
		}
	}
	return err
}

// replaceFile replaces a file at once: whoever reads it, as node_exporter does, never
// sees half of it. A new file is readable by its owner alone, since reports name hosts
// and people; one that is there keeps its mode. Without data it only tries whether it could.
func replaceFile(path string, data []byte) error {
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".coder-satellite-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(file.Name()) }() // after a rename there is none
	_, err = file.Write(data)
	if err = errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil || data == nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
