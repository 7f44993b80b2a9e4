package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestUnlock: unlock requires a reason, refuses while the holder is alive (status shows it), and
// releases a dead holder's lock.
func TestUnlock(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	finishes(t, "ohio")
	plugin(t, 0, on("ohio", "rollback", "--yes")...)
	without := plugin(t, 64, on("ohio", "unlock", "--yes")...)
	saysAll(t, "unlock", without.Stderr, []string{"--reason"})
	free := plugin(t, 0, on("ohio", "unlock", "--yes", "--reason", "to try it")...)
	saysAll(t, "unlock", free.Stderr, []string{`region "ohio" is not locked`})

	switchOff(t, "canary-ohio")
	slow(t, "PATCH", workspacePath, 25*time.Second)
	started := time.Now()
	run := begin(t, on("ohio", "migrate", "--yes", "--lock-duration", "6s")...)
	run.reaches(t, "ohio", "rebuild-canary")
	run.held(t, "PATCH")
	seen := decoded[v1alpha1.StatusReport](t, lab.Plugin(t.Context(), on("ohio", "status", "-o", "json")...)).Regions[0].Providers[0].Run
	switch {
	case seen == nil:
		t.Fatal("status shows no run")
	case seen.Step != "rebuild-canary" || seen.State != v1alpha1.StepRunning || seen.Operation != "migrate" || seen.Outcome != "":
		t.Errorf("status shows %s of %s, %s, outcome %q", seen.Step, seen.Operation, seen.State, seen.Outcome)
	case !strings.HasPrefix(seen.Holder, "operator@example.com@"):
		t.Errorf("status shows the holder %q", seen.Holder)
	case seen.HeldSince == nil || seen.HeldSince.Time.Before(started.Add(-time.Second)) || seen.HeldSince.After(time.Now()):
		t.Errorf("status shows that the lock is held since %v, and the run began at %s", seen.HeldSince, started)
	}
	shown := lab.Plugin(t.Context(), on("ohio", "status")...)
	saysAll(t, "status", shown.Stdout, []string{seen.Holder + " holds the lock since ", "migrate by operator@example.com is at step rebuild-canary"})

	refusal := plugin(t, 4, on("ohio", "unlock", "--yes", "--reason", "it seems dead")...)
	saysAll(t, "unlock", refusal.Stderr, []string{seen.Holder, "its holder is alive, so nothing was changed"})

	if err := run.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-run.ended
	clearFaults(t)
	freed := plugin(t, 0, on("ohio", "unlock", "--yes", "--reason", "the laptop was closed")...)
	saysAll(t, "unlock", freed.Stderr, []string{"the lock of " + seen.Holder + " is free now"})
	lockFree(t, "ohio")
	lease := kubectl(t, "ohio", "--namespace", inlab.LegacyNamespace, "get", leaseName(t, "ohio"), "-o", "jsonpath={.metadata.annotations}")
	saysAll(t, "the Lease", lease, []string{"the laptop was closed", "operator@example.com"})
	finishes(t, "ohio")
}
