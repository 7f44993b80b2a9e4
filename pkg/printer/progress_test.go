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

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is a terminal that knows what the bars use of ANSI: it goes up a line,
// and clears one.
type screen struct {
	mu    sync.Mutex
	lines []string // the cursor is on the last
	wide  int      // the widest line ever shown
}

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	for text := string(data); text != ""; {
		last := len(s.lines) - 1
		if rest, ok := strings.CutPrefix(text, "\x1b[A"); ok {
			if last == 0 {
				return 0, errors.New("cannot go up from the first line")
			}
			s.lines, text = s.lines[:last], rest
			continue
		}
		if rest, ok := strings.CutPrefix(text, "\x1b[K"); ok {
			s.lines[last], text = "", rest
			continue
		}
		end := strings.IndexAny(text, "\x1b\n")
		if end < 0 {
			return 0, fmt.Errorf("the cursor is left in the middle of a line: %q", text)
		}
		s.lines[last] += text[:end]
		s.wide = max(s.wide, uniseg.StringWidth(s.lines[last]))
		if text[end] == '\n' {
			s.lines, end = append(s.lines, ""), end+1
		} else if !strings.HasPrefix(text[end:], "\x1b[A") && !strings.HasPrefix(text[end:], "\x1b[K") {
			return 0, fmt.Errorf("unknown sequence in %q", text[end:])
		}
		text = text[end:]
	}
	return len(data), nil
}

func (s *screen) show() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimSuffix(strings.Join(s.lines, "\n"), "\n")
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

// eventually waits until the screen shows a text.
func (s *screen) eventually(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.show(), want); {
		if time.Now().After(deadline) {
			t.Fatalf("no %q in:\n%s", want, s.show())
		}
		<-time.After(10 * time.Millisecond)
	}
}

func TestProgressTerminal(t *testing.T) {
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Width: 80, Regions: 2})
	if _, err := p.Write([]byte("Warning: before anything\n")); err != nil {
		t.Error(err)
	}
	p.Report(v1alpha1.Progress{Message: "wave 1 of 2"})
	if got, want := s.show(), "Warning: before anything\nwave 1 of 2"; got != want {
		t.Errorf("before the first region: %q", got)
	}
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0, which is not ready since its image is not there"))
	p.Report(running("日本", "retain-legacy", 1, "日本日本日本日本日本日本日本日本日本日本日本日本"))
	s.eventually(t, "sydney  install-satellite  waiting for ...")
	s.eventually(t, "[1 of 9 in 0s]")
	s.eventually(t, "日本  retain-legacy")
	s.eventually(t, "all regions")
	if _, err := p.Write([]byte("Warning: old \x1b[2JAPI\n")); err != nil {
		t.Error(err)
	}
	s.eventually(t, "Warning: old ")
	p.Report(ended("sydney", "install-satellite", 2, v1alpha1.StepDone, "revision 1"))
	s.eventually(t, "sydney  install-satellite  done: revision 1")
	s.eventually(t, "[2 of 9 in ")
	p.Report(ended("sydney", "verify-connectivity", 9, v1alpha1.StepAlready, "it works"))
	s.eventually(t, "[9 of 9 in ")
	s.eventually(t, "[1 of 2 in ")
	p.Report(ended("日本", "retain-legacy", 1, v1alpha1.StepFailed, "boom"))
	if _, err := p.Write([]byte("unfinished")); err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{"日本  retain-legacy  failed: boom", "unfinished", "not done [0 of 9 in ", "not done [1 of 2 in "} {
		if !strings.Contains(s.show(), want) {
			t.Errorf("at the end no %q in:\n%s", want, s.show())
		}
	}
	p.Report(running("late", "retain-legacy", 1, ""))
	if strings.Contains(s.show(), "late") {
		t.Error("something is shown after the end")
	}
	if s.wide > 79 {
		t.Errorf("a line took %d of 80 columns", s.wide)
	}
}

func TestProgressAllDone(t *testing.T) {
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Width: 80, Regions: 1})
	p.Report(ended("sydney", "verify-connectivity", 9, v1alpha1.StepDone, "it works"))
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"sydney  verify-connectivity  done: it works", "done [9 of 9 in 0s]", "done [1 of 1 in 0s]"} {
		if !strings.Contains(s.show(), want) {
			t.Errorf("no %q in:\n%s", want, s.show())
		}
	}
}

func TestProgressConcurrently(t *testing.T) {
	var s screen
	p := printer.NewProgress(&s, printer.ProgressOptions{Terminal: true, Regions: 8})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			region := fmt.Sprint("r", i)
			for step := range 50 {
				p.Report(running(region, fmt.Sprint(step), step, "x"))
				fmt.Fprintln(p, "warning", region, step)
				p.Report(ended(region, fmt.Sprint(step), step, v1alpha1.StepUndone, ""))
			}
		})
	}
	all.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if got := strings.Count(s.show(), "warning") + strings.Count(s.show(), "undone"); got != 8*50*2 {
		t.Errorf("%d lines that stay, want %d", got, 8*50*2)
	}
}

func TestProgressWriteError(t *testing.T) {
	p := printer.NewProgress(brokenWriter{}, printer.ProgressOptions{})
	p.Report(running("a", "b", 1, ""))
	if err := p.Close(); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
}
