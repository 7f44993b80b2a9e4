package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongTimeouts: a timeout ends a run cleanly. The error names the step, what blocked it, and
// the flag that gives it more time.
func TestLongTimeouts(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.ConnectTo = strings.TrimPrefix(closedPort, "https://")
	})
	for _, tc := range []struct {
		name, flag string
		says       []string
	}{
		{"step", "--step-timeout", []string{"expose-satellite did not finish within 12s (--step-timeout allows more time)", "connection refused"}},
		{"region", "--timeout", []string{"expose-satellite: ", "the region did not finish within 12s (--timeout allows more time)", "connection refused"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			result := plugin(t, 124, "migrate", "-f", unreachable, "--yes", tc.flag, "12s", "-o", "json", "--evidence-dir", t.TempDir())
			report := decoded[v1alpha1.MigrationReport](t, result)
			region := report.Regions[0]
			if report.Outcome != v1alpha1.OutcomeTimedOut || report.ExitCode != 124 {
				t.Errorf("the report says %s, %d", report.Outcome, report.ExitCode)
			}
			saysAll(t, "the report", region.Error, tc.says)
			if strings.Contains(result.Stdout+result.Stderr, "context deadline exceeded") {
				t.Errorf("a bare \"context deadline exceeded\" is shown: %s", result)
			}
			if !strings.HasPrefix(region.Next, "kubectl coder-satellite migrate ") {
				t.Errorf("next is %q", region.Next)
			}
			lockFree(t, "london")
			nothingPending(t, "london")
			ruleHolds(t, "london")
		})
	}
	result := plugin(t, 124, "migrate", "-f", unreachable, "--yes", "--timeout", "1ns", "-o", "json") // expires before the locks are taken
	if report := decoded[v1alpha1.MigrationReport](t, result); report.Outcome != v1alpha1.OutcomeTimedOut {
		t.Errorf("--timeout 1ns: %s", result)
	}
	finishes(t, "london")
}

// TestMistypedAccessURL: if a run changes a satellite in use and then fails, the satellite is
// restored to what its users depend on.
func TestMistypedAccessURL(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	before := helm(t, "london", "get", "values", "coder-satellite", "--namespace", inlab.SatelliteNamespace)
	mistyped := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.AccessURL = closedPort })
	plan := plugin(t, 0, "plan", "-f", mistyped)
	saysAll(t, "plan", plan.Stdout, []string{"access URL " + lab.Region("london").AccessURL + " -> " + closedPort})
	result := plugin(t, 124, "migrate", "-f", mistyped, "--yes", "--step-timeout", "12s", "-o", "json", "--evidence-dir", t.TempDir())
	if region := decoded[v1alpha1.MigrationReport](t, result).Regions[0]; !contains(states(region), "install-satellite=Undone") {
		t.Errorf("the report lacks install-satellite=Undone: %v", states(region))
	}
	if after := helm(t, "london", "get", "values", "coder-satellite", "--namespace", inlab.SatelliteNamespace); after != before {
		t.Errorf("the values were %s and are %s", before, after)
	}
	ruleHolds(t, "london")
	finishes(t, "london")
}

// TestSlowAnswerTimesOut: a step that times out waiting for the primary also says so, and the
// switch before it is undone.
func TestSlowAnswerTimesOut(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	plugin(t, 0, on("london", "rollback", "--yes")...)
	switchOff(t, "canary-london")
	slow(t, "PATCH", workspacePath, 6*time.Second)
	result := plugin(t, 124, on("london", "migrate", "--yes", "--step-timeout", "5s", "-o", "json", "--evidence-dir", t.TempDir())...)
	clearFaults(t)
	region := decoded[v1alpha1.MigrationReport](t, result).Regions[0]
	saysAll(t, "the report", region.Error, []string{"rebuild-canary did not finish within 5s", `workspace "canary-london"`})
	if strings.Contains(result.Stdout+result.Stderr, "context deadline exceeded") {
		t.Errorf("a bare \"context deadline exceeded\" is shown: %s", result)
	}
	for _, wanted := range []string{"rebuild-canary=Failed", "enable-networking-v2=Undone"} {
		if !contains(states(region), wanted) {
			t.Errorf("the report lacks %s: %v", wanted, states(region))
		}
	}
	networking(t, "london", false)
	finishes(t, "london")
}
