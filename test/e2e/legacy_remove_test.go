package e2e

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestLongRemove: a satellite that users depend on is removed only with --force, and an unused
// one without.
func TestLongRemove(t *testing.T) {
	freshLegacy(t, "ohio")
	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	stoppedBy(t, "networking-v2", []string{"the satellite is in use", `provider "ohio" uses Networking v2`, "rollback", "--force --reason"}, on("ohio", "remove")...)
	for _, args := range [][]string{on("ohio", "remove", "--force", "--yes"), on("ohio", "rollback", "--force", "--yes")} {
		before := marks(t)
		result := plugin(t, 64, args...)
		saysAll(t, args[0], result.Stderr, []string{"--force needs a reason", "--reason"})
		quiet(t, before)
	}

	plugin(t, 0, on("ohio", "remove", "--force", "--reason", "the region is given up", "--yes")...)
	removed(t)
	networking(t, "ohio", true)
	checked(t, "ohio", 1, "satellite-installed", v1alpha1.CheckFail, "is not installed")

	// a rollback to the legacy path is still possible
	plugin(t, 0, on("ohio", "rollback", "--yes")...)
	networking(t, "ohio", false)
	envproxyServes(t, "ohio")

	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	plugin(t, 0, on("ohio", "rollback", "--yes")...)
	plugin(t, 0, on("ohio", "remove", "--yes")...)
	removed(t)
	before := marks(t)
	again := document[v1alpha1.MigrationReport](t, 0, on("ohio", "remove", "--yes")...)
	quiet(t, before)
	if again.Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("a second remove: outcome %s", again.Outcome)
	}
}

// removed fails the test unless nothing is left of ohio's satellite.
func removed(t *testing.T) {
	t.Helper()
	if left := helm(t, "ohio", "list", "--namespace", "coder-satellite", "--all", "--short"); left != "" {
		t.Errorf("Helm still lists %q", left)
	}
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range state.Satellites {
		if satellite.Name == "ohio" {
			t.Error("the satellite is still registered")
		}
	}
}
