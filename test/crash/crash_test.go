// Package crash disturbs the real plugin at its outside calls, one after the
// other: kills it, or answers wrongly, and looks at what is left. With
// CODER_SATELLITE_CRASH=all every call is tried, otherwise a sample of them.
package crash

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestCrash kills the plugin before each of its calls, and after each took
// effect but before its answer arrived. The rule must hold at once, and one
// plain run of the verb must complete the region.
func TestCrash(t *testing.T) {
	for _, test := range []struct {
		scenario scenario
		version  string
		sample   int
	}{
		{migrateScenario(), "1.21.7", 9},
		{rollbackScenario(), "1.21.7", 4},
		{finalizeScenario(), "1.22.3", 3},
	} {
		t.Run(test.scenario.verb, func(t *testing.T) {
			crashEverywhere(t, test.scenario, test.version, test.sample)
		})
	}
}

func crashEverywhere(t *testing.T, s scenario, version string, sample int) {
	lab, regions := setUp(t, version)
	least, most := reference(t, lab, regions, s)
	var points []disturbance
	for call := 1; call <= most; call += stride(most, sample) {
		for _, after := range []bool{false, true} {
			points = append(points, disturbance{call: call, after: after, kill: func() {}})
		}
	}
	var tried, violations atomic.Int64
	spread(regions, points, func(r *region, d disturbance) {
		for range attempts {
			killed, problems := disturbOnce(lab, r, s, d)
			for _, problem := range problems {
				violations.Add(1)
				t.Error(problem)
			}
			if killed {
				tried.Add(1)
				return
			}
		}
	})
	fmt.Printf("%s: crash points: %d, violations: %d (calls of one undisturbed run: %d)\n", s.verb, tried.Load(), violations.Load(), least)
	if n := tried.Load(); n == 0 || (whole() && n < int64(2*least)) {
		t.Errorf("only %d crash points were tried", n)
	}
}

// attempts are how often a point is tried that was not reached, because this
// run had to wait less than the one whose calls were counted.
const attempts = 3

// TestFaults answers calls wrongly instead. The outcome must be success after
// a retry, or a clear failure with the rule intact.
func TestFaults(t *testing.T) {
	s := migrateScenario()
	lab, regions := setUp(t, "1.21.7")
	_, total := reference(t, lab, regions, s)
	kinds := allFaults()
	step := stride(total, len(kinds))
	var points []disturbance
	for pass := range passes(t, len(kinds)) {
		for call, n := 1+pass%step, pass; call <= total; call, n = call+step, n+1 {
			points = append(points, disturbance{call: call, fault: kinds[n%len(kinds)]})
		}
	}
	var tried, violations atomic.Int64
	spread(regions, points, func(r *region, d disturbance) {
		_, problems := disturbOnce(lab, r, s, d)
		tried.Add(1)
		for _, problem := range problems {
			violations.Add(1)
			t.Error(problem)
		}
	})
	fmt.Printf("%s: faults: %d runs, %d kinds, violations: %d\n", s.verb, tried.Load(), len(kinds), violations.Load())
}

// passes is how often TestFaults goes through a run's calls: once, as often as
// CODER_SATELLITE_FAULTS says, or until each call has had each fault.
func passes(t *testing.T, kinds int) int {
	t.Helper()
	if whole() {
		return kinds
	}
	text := os.Getenv("CODER_SATELLITE_FAULTS")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CODER_SATELLITE_FAULTS=%q is no number of passes", text)
	}
	return n
}

// spread lets the regions work the points off side by side.
func spread(regions []*region, points []disturbance, work func(*region, disturbance)) {
	queue := make(chan disturbance)
	var workers sync.WaitGroup
	for _, r := range regions {
		workers.Go(func() {
			for d := range queue {
				work(r, d)
			}
		})
	}
	for _, d := range points {
		queue <- d
	}
	close(queue)
	workers.Wait()
}

// disturbOnce disturbs one run of the verb, checks what is left, runs the verb
// again, undisturbed, and checks that all is as it should be. It reports
// whether the plugin was killed, which it is not when this run made fewer
// calls than the one that was counted.
func disturbOnce(lab *inlab.Lab, r *region, s scenario, d disturbance) (killed bool, problems []string) {
	if err := s.prepare(lab, r); err != nil {
		return false, []string{fmt.Sprintf("%s: prepare: %v", r.name, err)}
	}
	first := r.run(lab, d, s.verb)
	_, what := r.meddler.calls()
	point := fmt.Sprintf("%s of %s, call %d (%s), %s", s.verb, r.name, d.call, what, d)
	problem := func(format string, args ...any) {
		problems = append(problems, point+": "+fmt.Sprintf(format, args...))
	}
	if err := s.rule(lab, r); err != nil {
		problem("%v", err)
	}
	if d.kill == nil && first.code != 0 {
		if unclear := unclear(first.output); unclear != "" {
			problem("the failure is not clear: %s\n%s", unclear, lastLines(first.output))
		}
	}
	again := r.run(lab, disturbance{}, s.verb)
	if again.code != 0 {
		problem("one plain run did not complete it: exit code %d\n%s\n--- the disturbed run\n%s\n--- the proxies\n%s", again.code, lastLines(again.output), lastLines(first.output), r.meddler.complaints())
	} else {
		if err := s.complete(lab, r); err != nil {
			problem("after one plain run: %v\n%s\n--- the disturbed run\n%s", err, lastLines(again.output), lastLines(first.output))
		}
		picture, err := inlab.Picture(context.Background(), r.direct)
		if err != nil {
			problem("%v", err)
		}
		if diff := cmp.Diff(r.undisturbed, picture); diff != "" {
			problem("objects differ from those of an undisturbed run (-want +got):\n%s", diff)
		}
	}
	if err := s.reset(lab, r); err != nil {
		problem("reset: %v", err)
	}
	return first.killed, problems
}

// String says in words what is done to a call.
func (d disturbance) String() string {
	switch {
	case d.kill == nil:
		return "answered by: " + string(d.fault)
	case d.after:
		return "killed after it took effect"
	default:
		return "killed before it"
	}
}

// unclear says what is unclear about a failure's output; "" if nothing.
func unclear(output string) string {
	for _, never := range []string{"panic:", "goroutine ", "runtime error"} {
		if strings.Contains(output, never) {
			return "it shows " + never
		}
	}
	for line := range strings.SplitSeq(output, "\n") {
		if strings.TrimSpace(line) == "error: context deadline exceeded" || strings.HasSuffix(line, ": context deadline exceeded") {
			return "a bare \"context deadline exceeded\": " + line
		}
	}
	if strings.TrimSpace(output) == "" {
		return "it says nothing"
	}
	return ""
}

// reference runs the verb undisturbed in every region, keeps the pictures of
// what it made, and returns the least and the most calls that it made.
func reference(t *testing.T, lab *inlab.Lab, regions []*region, s scenario) (least, most int) {
	t.Helper()
	var group errgroup.Group
	for _, r := range regions {
		group.Go(func() (err error) {
			if err := s.prepare(lab, r); err != nil {
				return err
			}
			if done := r.run(lab, disturbance{}, s.verb); done.code != 0 {
				return fmt.Errorf("an undisturbed %s of %s failed: exit code %d\n%s", s.verb, r.name, done.code, done.output)
			}
			r.total, _ = r.meddler.calls()
			if err := s.complete(lab, r); err != nil {
				return fmt.Errorf("an undisturbed %s of %s: %w", s.verb, r.name, err)
			}
			if r.undisturbed, err = inlab.Picture(context.Background(), r.direct); err != nil {
				return err
			}
			return s.reset(lab, r)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	least = regions[0].total
	for _, r := range regions {
		least, most = min(least, r.total), max(most, r.total)
	}
	return least, most
}

// whole reports whether every call is to be tried.
func whole() bool { return os.Getenv("CODER_SATELLITE_CRASH") == "all" }

// stride is the distance between the calls that are tried.
func stride(total, sample int) int {
	if whole() {
		return 1
	}
	return max(1, total/sample)
}

func setUp(t *testing.T, version string) (*inlab.Lab, []*region) {
	t.Helper()
	lab, err := inlab.Up("--build-time", "100ms", "--primary-version", version)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(); err != nil {
			t.Error(err)
		}
	})
	var regions []*region
	for _, one := range lab.Regions {
		r, err := newRegion(lab, one.Name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(r.close)
		regions = append(regions, r)
	}
	return lab, regions
}
