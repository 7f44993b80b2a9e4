package printer_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"
	"go.uber.org/goleak"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a terminal that knows what Progress uses of ANSI: it goes up some
// lines and clears from there.
type screen struct {
	mu    sync.Mutex
	lines []string
	wide  int // the widest line ever shown
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(data)
	if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
		var up int
		if n, err := fmt.Sscanf(rest, "%dA\r\x1b[J", &up); n != 1 || err != nil {
			return 0, fmt.Errorf("unknown sequence in %q", text)
		}
		if up > len(s.lines) {
			return 0, fmt.Errorf("cannot go up %d of %d lines", up, len(s.lines))
		}
		s.lines = s.lines[:len(s.lines)-up]
		_, text, _ = strings.Cut(rest, "\x1b[J")
	}
	if text != "" {
		if !strings.HasSuffix(text, "\n") {
			return 0, fmt.Errorf("the cursor is left in the middle of a line: %q", text)
		}
		s.lines = append(s.lines, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	}
	for _, l := range s.lines {
		s.wide = max(s.wide, uniseg.StringWidth(l))
	}
	return len(data), nil
}

func (s *screen) show() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

func running(region, step string, index int, message string) v1alpha1.Progress {
	return v1alpha1.Progress{Region: region, Step: step, State: v1alpha1.StepRunning, Index: index, Total: 9, Message: message}
}

func ended(region, step string, index int, state v1alpha1.StepState, message string) v1alpha1.Progress {
	return v1alpha1.Progress{Region: region, Step: step, State: state, Index: index, Total: 9, Message: message}
}

func TestProgressPlain(t *testing.T) {
	var out bytes.Buffer
	p := printer.NewProgress(&out, printer.ProgressOptions{})
	p.Report(v1alpha1.Progress{Message: "wave 1 of 2: sydney"})
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0"))
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0"))
	p.Report(running("london", "install-satellite", 2, "waiting for pod coderd-0"))
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0"))
	p.Report(ended("sydney", "install-satellite", 2, v1alpha1.StepDone, ""))
	p.Report(ended("sydney", "", 0, v1alpha1.StepFailed, hostile))
	if _, err := p.Write([]byte("Warning: half")); err != nil {
		t.Error(err)
	}
	if _, err := p.Write([]byte(" a line\nand \x1b[2Jmore")); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	p.Report(running("sydney", "late", 1, "after the end"))
	golden(t, "progress.txt", out.Bytes())
	for _, r := range "\x1b\r\x07\u009b\u202e" {
		if strings.ContainsRune(out.String(), r) {
			t.Errorf("the text holds %U", r)
		}
	}
}

func TestProgressColor(t *testing.T) {
	var out bytes.Buffer
	p := printer.NewProgress(&out, printer.ProgressOptions{Color: true})
	for _, state := range []v1alpha1.StepState{v1alpha1.StepRunning, v1alpha1.StepDone, v1alpha1.StepAlready, v1alpha1.StepUndone, v1alpha1.StepFailed} {
		p.Report(ended("r", "s", 1, state, ""))
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	want := "r  s  running\nr  s  \x1b[32mdone\x1b[0m\nr  s  \x1b[32malready\x1b[0m\nr  s  \x1b[33mundone\x1b[0m\nr  s  \x1b[31mfailed\x1b[0m\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProgressTerminal(t *testing.T) {
	clock := clocktesting.NewFakeClock(time.Unix(0, 0))
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Width: 60, Clock: clock})
	expect := func(what, want string) {
		t.Helper()
		if diff := cmp.Diff(want, s.show()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	p.Report(v1alpha1.Progress{Message: "wave 1 of 2"})
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0, which is not ready since its image is not there"))
	p.Report(running("日本", "retain-legacy", 1, "日本日本日本日本日本日本日本日本日本日本日本日本"))
	expect("two at work", "wave 1 of 2\n"+
		"sydney  [2/9]  install-satellite  0s  waiting for pod co...\n"+
		"日本  [1/9]  retain-legacy  0s  日本日本日本日本日本日本...")

	// the fake ticker exists once the goroutine waits for it
	for deadline := time.Now().Add(5 * time.Second); !strings.Contains(s.show(), "install-satellite  1s"); {
		if time.Now().After(deadline) {
			t.Fatalf("the time does not go on:\n%s", s.show())
		}
		if clock.HasWaiters() && clock.Since(time.Unix(0, 0)) == 0 {
			clock.Step(time.Second)
		}
	}

	if _, err := p.Write([]byte("Warning: old API\n")); err != nil {
		t.Error(err)
	}
	p.Report(ended("sydney", "install-satellite", 2, v1alpha1.StepDone, "revision 1"))
	expect("one done", "wave 1 of 2\nWarning: old API\nsydney  install-satellite  done: revision 1\n"+
		"日本  [1/9]  retain-legacy  1s  日本日本日本日本日本日本...")
	p.Report(running("日本", "install-satellite", 2, ""))
	expect("next step", "wave 1 of 2\nWarning: old API\nsydney  install-satellite  done: revision 1\n日本  [2/9]  install-satellite  0s")
	if _, err := p.Write([]byte("unfinished")); err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	expect("closed", "wave 1 of 2\nWarning: old API\nsydney  install-satellite  done: revision 1\nunfinished")
	if s.wide > 59 {
		t.Errorf("a line took %d of 60 columns", s.wide)
	}
}

func TestProgressManyRegions(t *testing.T) {
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Clock: clocktesting.NewFakeClock(time.Unix(0, 0))})
	for i := range 20 {
		p.Report(running(fmt.Sprintf("r%02d", i), "retain-legacy", 1, ""))
	}
	lines := strings.Split(s.show(), "\n")
	if len(lines) != 9 || lines[8] != "and 12 regions more" {
		t.Errorf("got:\n%s", s.show())
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if s.show() != "" {
		t.Errorf("left behind:\n%s", s.show())
	}
}

func TestProgressConcurrently(t *testing.T) {
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Clock: clocktesting.NewFakeClock(time.Unix(0, 0))})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			region := fmt.Sprint("r", i)
			for step := range 50 {
				p.Report(running(region, fmt.Sprint(step), step, "x"))
				fmt.Fprintln(p, "warning", region, step)
				p.Report(ended(region, fmt.Sprint(step), step, v1alpha1.StepDone, ""))
			}
		})
	}
	all.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := strings.Count(s.show(), "\n") + 1; got != 8*50*2 {
		t.Errorf("%d lines", got)
	}
}

func TestProgressWriteError(t *testing.T) {
	p := printer.NewProgress(brokenWriter{}, printer.ProgressOptions{})
	p.Report(running("a", "b", 1, ""))
	if err := p.Close(); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
