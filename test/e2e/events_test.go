package e2e

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestEvents: each step that changes something is recorded as an Event in the cluster, where
// kubectl finds it next to the journal. The wait for the access URL may end before it begins, so
// it is not checked.
func TestEvents(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	journals := map[string]string{inlab.SatelliteNamespace: "configmap/" + inlab.SatelliteJournal, inlab.LegacyNamespace: journalOf(t, "ohio")}
	for namespace, name := range journals {
		kubectl(t, "ohio", "--namespace", namespace, "delete", "--ignore-not-found", name)
	}
	finishes(t, "ohio")
	for namespace, steps := range map[string][]string{
		inlab.SatelliteNamespace: {"InstallSatellite", "RegisterSatellite"},
		inlab.LegacyNamespace:    {"RetainLegacy", "EnableNetworkingV2", "RebuildCanary"},
	} {
		listed := kubectl(t, "ohio", "--namespace", namespace, "get", "events")
		described := kubectl(t, "ohio", "--namespace", namespace, "describe", journals[namespace])
		for _, step := range steps {
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
}
