package e2e

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongRetentionThatCannotBeRepaired: an attempt to fix the retention that fails keeps the
// existing parts, and leaves a complete migration switched on.
func TestLongRetentionThatCannotBeRepaired(t *testing.T) {
	freshLegacy(t, "london")
	finishes(t, "london")
	for _, verb := range []string{"retain", "migrate"} {
		t.Run(verb, func(t *testing.T) {
			unkeep(t, "london", "deployment/envproxy")
			before := factsOf(t, "london")
			thaw := freeze(t, "london")

			report := reported(t, plugin(t, 1, on("london", verb, "--yes", "-o", "json", "--evidence-dir", t.TempDir())...))
			now := factsOf(t, "london")
			if diff := cmp.Diff(before, now); diff != "" {
				t.Errorf("a failed %s changed the region (-before +after):\n%s", verb, diff)
			}
			saysAll(t, "the report", wordsOf(report), []string{"retain-legacy", inlab.FrozenMessage, "envproxy"})
			saysTheFacts(t, report, now)

			thaw()
			leadsOn(t, "london", report)
			if !factsOf(t, "london").retained() {
				t.Errorf("the release is not retained: %+v", factsOf(t, "london"))
			}
		})
	}
}

// TestRetentionLostInTheMiddle: a migration was killed after its switch, and its legacy release
// can no longer be retained. When the next run has failed, users are on the legacy path.
func TestRetentionLostInTheMiddle(t *testing.T) {
	freshLegacy(t, "london")
	killedWhileRebuilding(t, "london")
	unkeep(t, "london", "deployment/envproxy")
	before := factsOf(t, "london")
	thaw := freeze(t, "london")

	report := reported(t, plugin(t, 1, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir())...))
	now := factsOf(t, "london")
	wanted := before
	wanted.On = false
	if diff := cmp.Diff(wanted, now); diff != "" {
		t.Errorf("more than the switch has changed (-want +got):\n%s", diff)
	}
	saysAll(t, "the report", wordsOf(report), []string{inlab.FrozenMessage, "Networking v2"})
	saysTheFacts(t, report, now)

	thaw()
	leadsOn(t, "london", report)
}

// killedWhileRebuilding leaves a region as a run that was killed after the switch does:
// Networking v2 is on, and the migration is not complete.
func killedWhileRebuilding(t *testing.T, region string) {
	t.Helper()
	switchOff(t, "canary-"+region)
	slow(t, "PATCH", workspacePath, 10*time.Second)
	run := begin(t, on(region, "migrate", "--yes", "--lock-duration", "2s")...)
	run.reaches(t, region, "rebuild-canary")
	run.held(t, "PATCH")
	if err := run.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-run.ended
	clearFaults(t)
	networking(t, region, true)
}
