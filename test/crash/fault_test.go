package crash

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// mislead answers calls wrongly: each call with each kind of fault, or a sample that includes
// every kind. The run must succeed after a retry, or fail clearly with the rule intact.
func mislead(t *testing.T, lab *inlab.Lab, regions []*region, s scenario, most int) {
	kinds := meddle.Faults()
	step := stride(most, len(kinds))
	var points []meddle.Disturbance
	for pass := range passes(t, len(kinds)) {
		for call, n := 1+pass%step, pass; call <= most; call, n = call+step, n+1 {
			points = append(points, meddle.Disturbance{Call: call, Fault: kinds[n%len(kinds)]})
		}
	}
	var succeeded, failed, violations atomic.Int64
	spread(regions, points, func(r *region, d meddle.Disturbance) {
		first, problems := disturbOnce(lab, r, s, d)
		for _, problem := range problems {
			violations.Add(1)
			t.Error(problem)
		}
		switch {
		case !first.disturbed: // this run waited less, so it made fewer calls
		case first.code == 0:
			succeeded.Add(1)
		default:
			failed.Add(1)
		}
	})
	fmt.Printf("%s: faults: %d, of %d kinds (the run succeeded after %d, and failed after %d), violations: %d\n",
		s.name, succeeded.Load()+failed.Load(), len(kinds), succeeded.Load(), failed.Load(), violations.Load())
	if n := int(succeeded.Load() + failed.Load()); n < len(points)/2 {
		t.Errorf("only %d of %d faults were met", n, len(points))
	}
}

// passes is how often mislead goes through a run's calls: once, or CODER_SATELLITE_FAULTS times,
// or until each call has met each fault.
func passes(t *testing.T, kinds int) int {
	t.Helper()
	text := os.Getenv("CODER_SATELLITE_FAULTS")
	switch {
	case text == "" && whole():
		return kinds
	case text == "":
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("CODER_SATELLITE_FAULTS=%q is not a number of passes", text)
	}
	return n
}

// unclear says why a failure's output is not clear; "" if it is.
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
