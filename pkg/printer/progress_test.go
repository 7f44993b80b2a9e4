package printer_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
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

// screen is a terminal with the ANSI sequences that the bars use: move up some lines, clear
// everything below. It wraps its lines when it becomes narrower.
type screen struct {
	mu      sync.Mutex
	columns int
	lines   []string // each ends at its last cleared column
	row     int      // of the cursor, which is in the first column
	wide    int      // width of the widest line ever written
}

func (s *screen) size() (columns, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.columns, 24
}

// resize changes the number of columns.
func (s *screen) resize(columns int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.columns = columns
	var lines []string
	for _, l := range s.lines {
		for uniseg.StringWidth(l) > columns {
			lines, l = append(lines, l[:columns]), l[columns:] // assumes ASCII
		}
		lines = append(lines, l)
	}
	s.lines, s.wide, s.row = lines, 0, len(lines)-1
}

// goUp is the sequence that returns to the first line of the bars.
var goUp = regexp.MustCompile("^\r\x1b\\[([0-9]+)A")

func (s *screen) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	for text := string(data); text != ""; {
		if up := goUp.FindStringSubmatch(text); up != nil {
			n, err := strconv.Atoi(up[1])
			if err != nil || n > s.row {
				return 0, fmt.Errorf("cannot go up %s lines from line %d", up[1], s.row)
			}
			s.row, text = s.row-n, text[len(up[0]):]
			continue
		}
		if text == "\x1b[J" {
			s.lines, text = append(s.lines[:s.row:s.row], ""), ""
			continue
		}
		shown, rest, whole := strings.Cut(text, "\n")
		shown, cleared := strings.CutSuffix(shown, "\x1b[K")
		if !whole || strings.ContainsRune(shown, '\x1b') || s.lines[s.row] != "" && !cleared {
			return 0, fmt.Errorf("the cursor is left in the middle of a line, a line is not cleared, or an unknown sequence: %q", text)
		}
		s.lines[s.row], text = shown, rest
		s.wide = max(s.wide, uniseg.StringWidth(shown))
		if s.row++; s.row == len(s.lines) {
			s.lines = append(s.lines, "")
		}
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
		p.Close()
	}
	p.Report(running("sydney", "late", 1, "after the end"))
	if n, err := p.Write([]byte("Warning: \x1b[2J late\n")); n != 19 || err != nil {
		t.Errorf("a warning after the end: %d, %v", n, err)
	}
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
	p.Close()
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

// whole is an event about a whole region, seconds after the start.
func whole(region string, state v1alpha1.StepState, seconds, wave, waves int) v1alpha1.Progress {
	return v1alpha1.Progress{Time: at(seconds), Region: region, State: state, Wave: wave, Waves: waves}
}

func TestProgressTerminal(t *testing.T) {
	s := screen{columns: 80}
	p := printer.NewProgress(&s, printer.ProgressOptions{Size: s.size, Total: 2})
	if _, err := p.Write([]byte("Warning: before anything\n")); err != nil {
		t.Error(err)
	}
	p.Report(v1alpha1.Progress{Message: "something"})
	if got, want := s.show(), "Warning: before anything\nsomething"; got != want {
		t.Errorf("before the first region: %q", got)
	}
	p.Report(whole("sydney", v1alpha1.StepRunning, 0, 1, 2))
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0, which is not ready since its image is not there"))
	p.Report(running("日本", "retain-legacy", 1, "日本日本日本日本日本日本日本日本日本日本日本日本"))
	s.eventually(t, "sydney  install-satellite  waiting for pod coder... [#...........] 1 of 9")
	s.eventually(t, "日本  retain-legacy")
	s.eventually(t, "wave 1 of 2, 0 of 2 done, 0 failed, 2 running [")
	if _, err := p.Write([]byte("Warning: old \x1b[2JAPI\n")); err != nil {
		t.Error(err)
	}
	s.eventually(t, "Warning: old ")
	p.Report(ended("sydney", "install-satellite", 2, v1alpha1.StepDone, "revision 1"))
	s.eventually(t, "sydney  install-satellite  done: revision 1")
	s.eventually(t, "[##..........] 2 of 9")
	p.Report(whole("sydney", v1alpha1.StepDone, 90, 1, 2))
	s.eventually(t, "sydney  done")
	s.eventually(t, "1 of 2 done, 0 failed, 1 running, about 90s left")
	p.Report(ended("日本", "retain-legacy", 1, v1alpha1.StepFailed, "boom"))
	p.Report(whole("日本", v1alpha1.StepFailed, 100, 2, 2))
	if _, err := p.Write([]byte("unfinished")); err != nil {
		t.Error(err)
	}
	for range 2 {
		p.Close()
	}
	for _, want := range []string{"日本  retain-legacy  failed: boom", "日本  failed", "unfinished", "wave 2 of 2, 1 of 2 done, 1 failed, 0 running ["} {
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

// A terminal that changes its size keeps the lines above the bars, and the bars are drawn again.
func TestProgressResized(t *testing.T) {
	s := screen{columns: 140}
	p := printer.NewProgress(&s, printer.ProgressOptions{Size: s.size, Total: 2})
	if _, err := p.Write([]byte("Warning: it stays\n")); err != nil {
		t.Error(err)
	}
	p.Report(running("sydney", "install-satellite", 2, "waiting for pod coderd-0, which is not ready since its image is not there, and that takes its time"))
	p.Report(running("london", "install-satellite", 3, "waiting"))
	s.eventually(t, "2 of 9\n")
	blank := 0 // one blank line above the bars for each time that it becomes narrower
	for i, columns := range []int{60, 30, 140, 80} {
		if columns != 140 {
			blank++
		}
		s.resize(columns)
		p.Report(running("london", "install-satellite", 4+i, fmt.Sprint(i)))
		s.eventually(t, fmt.Sprintf(" %d of 9\n", 3+i))
		s.mu.Lock()
		lines, wide := len(s.lines), s.wide
		s.mu.Unlock()
		if lines != 5+blank || wide >= columns || !strings.HasPrefix(s.show(), "Warning: it stays\n"+strings.Repeat("\n", blank)+"syd") {
			t.Errorf("at %d columns: %d lines, the widest of %d\n%s", columns, lines, wide, s.show())
		}
	}
	p.Close()
	if got := strings.Count(s.show(), "\n"); got != 1+blank {
		t.Errorf("the bars are left:\n%s", s.show())
	}
}

// If the output is not a terminal, each line has a timestamp, and none is repeated.
func TestProgressTimes(t *testing.T) {
	var out bytes.Buffer
	p := printer.NewProgress(&out, printer.ProgressOptions{})
	p.Report(whole("sydney", v1alpha1.StepRunning, 0, 1, 2))
	p.Report(whole("sydney", v1alpha1.StepRunning, 1, 1, 2))
	p.Report(whole("sydney", v1alpha1.StepDone, 90, 1, 2))
	p.Close()
	stamp := func(seconds int) string { return at(seconds).UTC().Format("2006-01-02T15:04:05Z") }
	if want := stamp(0) + "  sydney  running\n" + stamp(90) + "  sydney  done\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// Of 200 running regions only ten have a bar, and each finished region leaves one line.
func TestProgressFleet(t *testing.T) {
	s := screen{columns: 100}
	p := printer.NewProgress(&s, printer.ProgressOptions{Size: s.size, Total: fleetSize})
	all := places()
	for _, place := range all[:40] {
		p.Report(whole(place.name, v1alpha1.StepRunning, 0, 2, 5))
		p.Report(ended(place.name, "install-satellite", 2, v1alpha1.StepDone, "revision 1"))
	}
	s.eventually(t, "and 30 more running")
	s.eventually(t, "wave 2 of 5, 0 of 200 done, 0 failed, 40 running [")
	if lines := strings.Count(s.show(), "\n"); lines > 12 {
		t.Errorf("%d lines:\n%s", lines, s.show())
	}
	p.Report(whole(all[199].name, v1alpha1.StepAlready, 1, 2, 5)) // finished at once, so it does not count in the estimate for the others
	for i, place := range all[:10] {
		p.Report(whole(place.name, []v1alpha1.StepState{v1alpha1.StepDone, v1alpha1.StepFailed}[i/9], 60*(i+1), 2, 5))
	}
	s.eventually(t, "wave 2 of 5, 10 of 200 done, 1 failed, 30 running, about 38m left [")
	s.eventually(t, "and 20 more running")
	p.Close()
	if strings.Contains(s.show(), "revision 1") || strings.Contains(s.show(), "more running") {
		t.Error(s.show())
	}
}

// A request to the operator stays above the bars, uncut, and is printed once.
func TestProgressAttention(t *testing.T) {
	const ask = "waiting for https://coder-sydney.example.com: create the DNS record coder-sydney.example.com A 203.0.113.7: no such host, as of now"
	event := running("sydney", "expose-satellite", 3, ask)
	event.Attention = true
	for _, terminal := range []bool{true, false} {
		s := screen{columns: 80}
		options := printer.ProgressOptions{Total: fleetSize}
		if terminal {
			options.Size = s.size
		}
		p := printer.NewProgress(&s, options)
		for range 3 {
			p.Report(event)
			p.Report(running("london", "expose-satellite", 3, "waiting"))
			if terminal {
				p.Report(running("sydney", "expose-satellite", 3, "looking"))
			}
		}
		p.Close()
		if n := strings.Count(s.show(), "sydney  expose-satellite  TO DO: "+ask); n != 1 {
			t.Errorf("terminal %t: printed %d times in\n%s", terminal, n, s.show())
		}
	}
}

// In a rebuild each step is a workspace.
func TestProgressWorkspaces(t *testing.T) {
	s := screen{columns: 80}
	p := printer.NewProgress(&s, printer.ProgressOptions{Size: s.size, Workspaces: true})
	p.Report(running("sydney", "web of ann", 1, "building"))
	p.Report(running("sydney", "db of ann", 2, "building"))
	s.eventually(t, "0 of 9 done, 0 failed, 2 running [")
	p.Report(ended("sydney", "web of ann", 1, v1alpha1.StepDone, "rebuilt"))
	p.Close()
	for _, want := range []string{"sydney  web of ann  done: rebuilt", "1 of 9 done, 0 failed, 1 running ["} {
		if !strings.Contains(s.show(), want) {
			t.Errorf("no %q in:\n%s", want, s.show())
		}
	}
}

func TestProgressConcurrently(t *testing.T) {
	var s screen // its size is unknown
	p := printer.NewProgress(&s, printer.ProgressOptions{Size: func() (int, int) { return 0, 0 }, Total: 8})
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
	p.Close()
	if got := strings.Count(s.show(), "warning") + strings.Count(s.show(), "undone"); got != 8*50*2 {
		t.Errorf("%d lines that stay, want %d", got, 8*50*2)
	}
}
