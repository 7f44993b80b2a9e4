package cmd

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

// keepEvents returns what shows an event, by show, and appends it to the file. end closes the file, and warns if events
// are missing from it, which neither stops nor fails a run. Without a path nothing is kept.
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
