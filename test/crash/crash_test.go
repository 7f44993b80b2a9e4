// Package crash disturbs the real plugin at its external calls, one at a time: it kills the
// plugin or answers wrongly, and checks what is left. With CODER_SATELLITE_CRASH=all it tries
// every call, otherwise a sample.
package crash

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// TestCalls disturbs each verb that changes a region, each in its own lab.
func TestCalls(t *testing.T) {
	for _, s := range []scenario{migrateScenario(), rollbackScenario(), finalizeScenario(), retainScenario(), partialScenario()} {
		t.Run(s.name, func(t *testing.T) {
			lab, regions := setUp(t, s.primary)
			least, most := reference(t, lab, regions, s)
			t.Run("crash", func(t *testing.T) { crash(t, lab, regions, s, least, most) })
			t.Run("faults", func(t *testing.T) { mislead(t, lab, regions, s, most) })
		})
	}
}

// crash kills the plugin before each of its calls, and after each call took effect but before its
// answer arrived. The rule must hold immediately, and one undisturbed run of the verb must
// complete the region.
func crash(t *testing.T, lab *inlab.Lab, regions []*region, s scenario, least, most int) {
	var points []meddle.Disturbance
	for call := 1; call <= most; call += stride(most, s.sample) {
		for _, after := range []bool{false, true} {
			points = append(points, meddle.Disturbance{Call: call, After: after, Kill: func() {}})
		}
	}
	var tried, violations atomic.Int64
	spread(regions, points, func(r *region, d meddle.Disturbance) {
		for range attempts {
			first, problems := disturbOnce(lab, r, s, d)
			for _, problem := range problems {
				violations.Add(1)
				t.Error(problem)
			}
			if first.killed {
				tried.Add(1)
				return
			}
		}
	})
	fmt.Printf("%s: crash points: %d, violations: %d (calls of one undisturbed run: %d)\n", s.name, tried.Load(), violations.Load(), least)
	if n := tried.Load(); n == 0 || (whole() && n < int64(2*least)) {
		t.Errorf("only %d crash points were tried", n)
	}
}

// attempts is how often a point is tried again if a run did not reach it. A run that waits less
// than the counted one makes fewer calls.
const attempts = 3
