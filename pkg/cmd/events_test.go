package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// The file holds every event, also those that the progress display omits. Events are appended in
// the order of each region, and only the owner may read a new file.
func TestEventsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.ndjson")
	env := Environment{IOStreams: genericiooptions.IOStreams{ErrOut: &bytes.Buffer{}}}
	for run := range 2 {
		var shown bytes.Buffer
		progress := printer.NewProgress(&shown, printer.ProgressOptions{})
		report, end, err := keepEvents(env, path, progress.Report)
		if err != nil {
			t.Fatal(err)
		}
		var regions sync.WaitGroup
		for _, region := range []string{"sydney", "london"} {
			regions.Go(func() {
				for i := range 50 {
					report(v1alpha1.Progress{
						Time: metav1.NewTime(time.Unix(int64(1000*run+i), 0)), Region: region, State: v1alpha1.StepRunning, Message: "again --password=hunter2",
					})
				}
			})
		}
		regions.Wait()
		end()
		if lines := strings.Count(shown.String(), "\n"); lines != 2 {
			t.Errorf("%d lines are shown of two that repeat", lines)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	times := map[string][]int64{}
	for line := range strings.Lines(string(data)) {
		var event v1alpha1.Progress
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		times[event.Region] = append(times[event.Region], event.Time.Unix())
	}
	for _, region := range []string{"sydney", "london"} {
		if len(times[region]) != 100 || !slices.IsSorted(times[region]) {
			t.Errorf("%s: %v", region, times[region])
		}
	}
	if err := schema.Check(string(data)); err != nil || bytes.Contains(data, []byte("hunter2")) {
		t.Errorf("%v\n%s", err, data)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if said := fmt.Sprint(env.ErrOut); said != "" {
		t.Errorf("it warns: %s", said)
	}
}

// A file that cannot be opened is a usage error, reported before any request is sent.
func TestEventsThatCannotBeKept(t *testing.T) {
	w, dir := newWorld(t), t.TempDir()
	for path, says := range map[string]string{
		"-":                               "--events - is not a regular file: name one, and follow it with `tail -f`",
		dir:                               "--events " + dir + " is not a regular file",
		os.DevNull:                        "--events " + os.DevNull + " is not a regular file",
		filepath.Join(dir, "none", "log"): "--events cannot be written: open " + filepath.Join(dir, "none", "log") + ": no such file or directory",
	} {
		got := w.run(t.Context(), t, "retain", "--context", "sydney", "--yes", "--events", path)
		if got.code != exitUsage || !strings.Contains(got.errOut, says) || got.out != "" {
			t.Errorf("--events %s: exit code %d: %s%s", path, got.code, got.errOut, got.out)
		}
	}
	if len(w.primary.Requests()) > 0 {
		t.Errorf("the primary was asked: %v", w.primary.Requests())
	}
}

// Events that cannot be written later are reported once, at the end, and do not stop the run.
func TestEventsThatAreLost(t *testing.T) {
	const takesNumbersOnly = "/proc/self/oom_score_adj" // a regular file that can be opened but rejects this text
	if _, err := os.Stat(takesNumbersOnly); err != nil {
		t.Skip("this system has no file whose writes fail")
	}
	var said bytes.Buffer
	shown := 0
	report, end, err := keepEvents(Environment{IOStreams: genericiooptions.IOStreams{ErrOut: &said}}, takesNumbersOnly, func(v1alpha1.Progress) { shown++ })
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		report(v1alpha1.Progress{Region: "sydney"})
	}
	if said.Len() > 0 || shown != 3 {
		t.Errorf("%d of 3 events are shown; output before the end: %s", shown, said.String())
	}
	end()
	if got := said.String(); !strings.HasPrefix(got, "warning: events are missing from --events: write "+takesNumbersOnly+": ") || strings.Count(got, "\n") != 1 {
		t.Errorf("said at the end: %q", got)
	}
}

// Without the flag no events are kept.
func TestNoEvents(t *testing.T) {
	shown := 0
	report, end, err := keepEvents(Environment{}, "", func(v1alpha1.Progress) { shown++ })
	if err != nil {
		t.Fatal(err)
	}
	report(v1alpha1.Progress{})
	end()
	if shown != 1 {
		t.Errorf("the event is shown %d times", shown)
	}
}
