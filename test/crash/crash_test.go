// Package crash kills the real plugin at its outside calls, one after the
// other, and answers them wrongly, and looks at what is left. CODER_SATELLITE_CRASH=all
// tries every call; otherwise a sample of them is tried.
package crash

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestCrashAtEveryCall kills a migration before each of its calls, and after
// each took effect but before its answer arrived. The rule must hold at once,
// and one plain migrate must complete the region.
func TestCrashAtEveryCall(t *testing.T) {
	lab, regions := setUp(t)
	undisturbed, total := reference(t, lab, regions[0])
	points := make(chan disturbance)
	var tried, violations atomic.Int64
	var workers sync.WaitGroup
	for _, r := range regions {
		workers.Go(func() {
			for d := range points {
				if crashed(t, lab, r, d, undisturbed) {
					tried.Add(1)
				}
				if err := r.reset(lab); err != nil {
					t.Errorf("%s: reset after call %d: %v", r.name, d.call, err)
					violations.Add(1)
				}
			}
		})
	}
	for call := 1; call <= total; call += stride(total) {
		for _, after := range []bool{false, true} {
			points <- disturbance{call: call, after: after, kill: func() {}}
		}
	}
	close(points)
	workers.Wait()
	if t.Failed() {
		violations.Add(1)
	}
	fmt.Printf("crash points: %d, violations: %d (calls of one migration: %d)\n", tried.Load(), violations.Load(), total)
	if tried.Load() == 0 {
		t.Error("no crash point was tried")
	}
}

// crashed crashes one migration, checks what is left, completes it and checks
// again. It reports whether the plugin was killed, which it is not when this
// run made fewer calls than the one that was counted.
func crashed(t *testing.T, lab *inlab.Lab, r *region, d disturbance, undisturbed map[string]string) bool {
	when := "before"
	if d.after {
		when = "after"
	}
	first := r.run(lab, d, "migrate")
	_, what := r.meddler.calls()
	point := fmt.Sprintf("%s, killed %s call %d (%s)", r.name, when, d.call, what)
	if err := r.rule(lab); err != nil {
		t.Errorf("%s: %v", point, err)
	}
	again := r.run(lab, disturbance{}, "migrate")
	if again.code != 0 {
		t.Errorf("%s: one plain migrate did not complete it: exit code %d\n%s", point, again.code, lastLines(again.output))
		return first.killed
	}
	if err := r.complete(lab); err != nil {
		t.Errorf("%s: after one plain migrate: %v", point, err)
	}
	picture, err := r.picture()
	if err != nil {
		t.Errorf("%s: %v", point, err)
	}
	if diff := cmp.Diff(own(undisturbed), own(picture)); diff != "" && r.name == "sydney" {
		t.Errorf("%s: objects differ from those of an undisturbed run (-want +got):\n%s", point, diff)
	}
	return first.killed
}

// own leaves out what has the region's name or key in it.
func own(picture map[string]string) map[string]string { return picture }

// reference migrates a region undisturbed, counts its calls and looks at what
// it made.
func reference(t *testing.T, lab *inlab.Lab, r *region) (picture map[string]string, calls int) {
	t.Helper()
	if done := r.run(lab, disturbance{}, "migrate"); done.code != 0 {
		t.Fatalf("an undisturbed migration failed: exit code %d\n%s", done.code, done.output)
	}
	calls, _ = r.meddler.calls()
	if err := r.complete(lab); err != nil {
		t.Fatalf("an undisturbed migration: %v", err)
	}
	picture, err := r.picture()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.reset(lab); err != nil {
		t.Fatal(err)
	}
	return picture, calls
}

// whole reports whether every call is to be tried.
func whole() bool { return os.Getenv("CODER_SATELLITE_CRASH") == "all" }

// stride is the distance between the calls that are tried.
func stride(total int) int {
	if whole() {
		return 1
	}
	const sample = 9
	return max(1, total/sample)
}

func setUp(t *testing.T) (*inlab.Lab, []*region) {
	t.Helper()
	lab, err := inlab.Up("--build-time", "100ms")
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

// TestCalls prints what the calls of one migration are, most frequent first.
func TestCalls(t *testing.T) {
	if os.Getenv("CODER_SATELLITE_CALLS") == "" {
		return
	}
	lab, regions := setUp(t)
	r := regions[0]
	if done := r.run(lab, disturbance{}, "migrate"); done.code != 0 {
		t.Fatal(done.output)
	}
	counts := map[string]int{}
	for _, call := range r.meddler.trace {
		counts[call]++
	}
	for call, n := range counts {
		fmt.Println(n, call)
	}
}
