package e2e

import (
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestPartlyFailed: one of two regions fails, the other succeeds.
func TestPartlyFailed(t *testing.T) {
	t.Cleanup(func() {
		resetRegion(t, "sydney")
		resetRegion(t, "london")
	})
	failNextBuild(t, "canary-london", "no space left on device")
	both := []string{"-f", "fleet.yaml", "--region", "sydney", "--region", "london"}
	report := document[v1alpha1.MigrationReport](t, 3, append([]string{"migrate", "--yes", "--evidence-dir", t.TempDir()}, both...)...)
	if report.Outcome != v1alpha1.OutcomePartlyFailed || report.ExitCode != 3 {
		t.Errorf("the report says %s, %d", report.Outcome, report.ExitCode)
	}
	outcomes := map[string]v1alpha1.Outcome{}
	for _, region := range report.Regions {
		outcomes[region.Name] = region.Outcome
	}
	if outcomes["sydney"] != v1alpha1.OutcomeSucceeded || outcomes["london"] != v1alpha1.OutcomeFailed {
		t.Errorf("outcomes: %v", outcomes)
	}
	networking(t, "sydney", true)
	networking(t, "london", false)
	plugin(t, 0, append([]string{"migrate", "--yes"}, both...)...)
}

// TestExitCodes: exit codes for a region that is not migrated, is locked, or does not exist.
func TestExitCodes(t *testing.T) {
	plugin(t, 0, on("ohio", "plan")...)
	plugin(t, 2, on("ohio", "plan", "--detailed-exitcode")...)
	plugin(t, 64, on("nowhere", "migrate", "--yes")...)
	plugin(t, 64, on("ohio", "migrate", "--yes", "--step-timeout", "-1s")...)
	plugin(t, 64, on("ohio", "migrate", "--no-such-flag")...)

	t.Cleanup(func() { resetRegion(t, "ohio") })
	slow(t, "PATCH", poolPath, 10*time.Second)
	run := begin(t, on("ohio", "migrate", "--yes", "--lock-duration", "3s")...)
	run.reaches(t, "ohio", "enable-networking-v2")
	report := document[v1alpha1.MigrationReport](t, 4, on("ohio", "migrate", "--yes")...)
	if report.Outcome != v1alpha1.OutcomeLockHeld || report.ExitCode != 4 || len(report.Regions[0].Steps) > 0 {
		t.Errorf("the report says %s, %d, steps %v", report.Outcome, report.ExitCode, states(report.Regions[0]))
	}
	clearFaults(t)
	run.wait(t, 0, 30*time.Second)
	plugin(t, 0, on("ohio", "plan", "--detailed-exitcode")...)
}
