package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
)

// Whatever fails in any run: the rule of the migration always holds, everything done is in the
// report, and one run without failures completes the region.
func TestEngineProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 7).Draw(t, "steps")
		w := newWorld(make([]bool, n)...)
		for i := range rapid.IntRange(0, n).Draw(t, "done before") {
			w.so[i] = true
		}
		for run := range rapid.IntRange(1, 4).Draw(t, "runs") {
			w.trouble = map[string]trouble{}
			for i := range n {
				w.trouble[fmt.Sprintf("apply step-%d", i)] = drawTrouble(t, fmt.Sprintf("run %d step %d", run, i))
			}
			w.failWrite, w.writes = rapid.IntRange(0, n).Draw(t, "failing write"), 0
			w.writeErr = rapid.SampledFrom([]error{errors.New("500"), &journal.ConflictError{}, &lock.LostError{}}).Draw(t, "write error")
			w.log = nil
			e, report := w.engine(t.Context(), Options{})
			err := e.run(t.Context())
			checkRun(t, w, report, err)
		}

		w.trouble, w.failWrite, w.log = map[string]trouble{}, 0, nil
		e, report := w.engine(t.Context(), Options{})
		if err := e.run(t.Context()); err != nil || !w.done() {
			t.Fatalf("one undisturbed run did not complete it: %v, %v", w.so, err)
		}
		checkRun(t, w, report, nil)

		w.log, w.writes = nil, 0
		e, _ = w.engine(t.Context(), Options{})
		if err := e.run(t.Context()); err != nil || len(w.log) > 0 || w.writes > 0 {
			t.Fatalf("a run with nothing to do did %v and wrote %d times: %v", w.log, w.writes, err)
		}
	})
}

func drawTrouble(t *rapid.T, label string) trouble {
	return trouble{
		err: rapid.SampledFrom([]error{
			nil, nil, nil, errors.New("boom"), ErrInterrupted, &lock.LostError{}, &TimeoutError{What: "a step"},
		}).Draw(t, label),
		anyway: rapid.Bool().Draw(t, label+" anyway"),
	}
}

// checkRun checks the properties of every run.
func checkRun(t *rapid.T, w *world, report *v1alpha1.RegionReport, err error) {
	if w.broken != "" {
		t.Fatal(w.broken)
	}
	applied, settled := with(w.log, "apply "), with(w.log, "settle")
	if !slices.IsSorted(applied) || len(slices.Compact(slices.Clone(applied))) != len(applied) {
		t.Fatalf("applied out of order, or twice: %v", w.log)
	}
	switch {
	case (err == nil) != (len(settled) == 0) || len(settled) > 1:
		t.Fatalf("error %v, and settled %d times: %v", err, len(settled), w.log)
	case len(settled) == 1 && !strings.HasPrefix(w.log[len(w.log)-1], "settle"):
		t.Fatalf("something was done after settling: %v", w.log)
	case (err == nil) != (len(report.Steps) == len(w.so) && !failed(report)):
		t.Fatalf("error %v, but the report says %v", err, states(report))
	}
	for _, result := range report.Steps {
		if (result.State == v1alpha1.StepFailed || result.State == v1alpha1.StepUndoFailed || result.State == v1alpha1.StepInterrupted) && result.Error == "" {
			t.Fatalf("%s is %s without an error", result.Name, result.State)
		}
	}
}

func failed(report *v1alpha1.RegionReport) bool {
	return slices.ContainsFunc(report.Steps, func(r v1alpha1.StepResult) bool {
		return r.State != v1alpha1.StepDone && r.State != v1alpha1.StepAlready
	})
}

// with returns the log's lines that begin with the prefix, without it.
func with(log []string, prefix string) []string {
	var found []string
	for _, line := range log {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			found = append(found, rest)
		}
	}
	return found
}
