package e2e

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestEvents: each step that changes something is told in the cluster, where
// (waiting for the access URL may be over before it begins, and is not asked for)
// kubectl finds it beside the journal.
func TestEvents(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "delete", "--ignore-not-found", "configmap/coder-satellite-journal")
	finishes(t, "ohio")
	listed := kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "get", "events")
	described := kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "describe", "configmap", "coder-satellite-journal")
	for _, step := range []string{"RetainLegacy", "InstallSatellite", "RegisterSatellite", "EnableNetworkingV2", "RebuildCanary"} {
		for _, state := range []string{"Running", "Done"} {
			if !strings.Contains(listed, step+state) {
				t.Errorf("kubectl get events does not list %s%s", step, state)
			}
			if !strings.Contains(described, step+state) {
				t.Errorf("kubectl describe configmap does not list %s%s:\n%s", step, state, described)
			}
		}
	}
}
