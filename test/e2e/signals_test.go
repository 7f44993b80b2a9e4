package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestLongSignals: one signal, at any step, ends the run cleanly, and the next run continues from
// there.
func TestLongSignals(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.ConnectTo = strings.TrimPrefix(closedPort, "https://")
	})
	for _, tc := range []struct {
		step         string
		signal       os.Signal
		fleet        string
		method, path string
	}{
		{step: "install-satellite", signal: syscall.SIGTERM, fleet: "fleet.yaml"}, // waits for Helm to finish
		{step: "expose-satellite", signal: os.Interrupt, fleet: unreachable},
		{step: "register-satellite", signal: syscall.SIGTERM, fleet: "fleet.yaml", method: "POST", path: satellitePath},
		{step: "enable-networking-v2", signal: os.Interrupt, fleet: "fleet.yaml", method: "PATCH", path: poolPath},
		{step: "rebuild-canary", signal: syscall.SIGTERM, fleet: "fleet.yaml", method: "PATCH", path: workspacePath},
	} {
		t.Run(tc.step, func(t *testing.T) {
			resetRegion(t, "london")
			if tc.path != "" {
				slow(t, tc.method, tc.path, 2*time.Second)
			}
			run := begin(t, "migrate", "-f", tc.fleet, "--region", "london", "--yes", "-o", "json")
			run.reaches(t, "london", tc.step)
			if tc.path != "" {
				run.held(t, tc.method)
			}
			run.signal(t, tc.signal)
			result := run.wait(t, 130, 20*time.Second)
			clearFaults(t)

			report := decoded[v1alpha1.MigrationReport](t, result)
			region := report.Regions[0]
			if report.Outcome != v1alpha1.OutcomeInterrupted || report.ExitCode != 130 || region.Outcome != v1alpha1.OutcomeInterrupted {
				t.Errorf("the report says %s, %d, %s", report.Outcome, report.ExitCode, region.Outcome)
			}
			saysAll(t, "the report", region.Error+" "+region.Next, []string{"stopped by a signal", "kubectl coder-satellite migrate"})
			if record := recordAtStep(t, "london", tc.step); record.Outcome != v1alpha1.OutcomeInterrupted || record.Step != tc.step {
				t.Errorf("the journal says %q at step %s (%s)", record.Outcome, record.Step, record.State)
			}
			lockFree(t, "london")
			nothingPending(t, "london")
			ruleHolds(t, "london")
			if next := finishes(t, "london"); !strings.Contains(next.Resumed, tc.step) {
				t.Errorf("the next run does not say where this one stopped: %q", next.Resumed)
			}
		})
	}
}

// TestSecondSignal: a second signal does not wait for the present step.
func TestSecondSignal(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	slow(t, "PATCH", poolPath, 20*time.Second)
	run := begin(t, on("london", "migrate", "--yes", "--lock-duration", "2s")...)
	run.reaches(t, "london", "enable-networking-v2")
	run.held(t, "PATCH")
	run.signal(t, os.Interrupt)
	select {
	case <-run.ended:
		t.Fatalf("the first signal interrupted the present step: %s", run.result)
	case <-time.After(time.Second):
	}
	run.signal(t, syscall.SIGTERM)
	run.wait(t, 130, 10*time.Second) // less than the 20 seconds of the call
	clearFaults(t)
	ruleHolds(t, "london")
	if next := finishes(t, "london"); !strings.Contains(next.Resumed, "enable-networking-v2") {
		t.Errorf("the next run does not say where this one stopped: %q", next.Resumed)
	}
}

// TestNobodyReads: a run continues if its output is closed, for example by a pager or `head`.
func TestNobodyReads(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	result := lab.Run(t.Context(), nil, "bash", "-c", "kubectl coder-satellite migrate -f fleet.yaml --region london --yes 2>&1 | head -n 1; exit ${PIPESTATUS[0]}")
	if result.Code != 0 && result.Code != 1 { // 1 means that the report could not be written
		t.Errorf("migrate: %s", result)
	}
	lockFree(t, "london")
	nothingPending(t, "london")
	plugin(t, 0, on("london", "status")...)
}
