package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestDocumentedValues: the values in Coder's documentation, where true is a string and URLs end
// in a slash, count as the region's own. Secrets in other values are in no output. A satellite
// with zero replicas is not ready.
func TestDocumentedValues(t *testing.T) {
	const region, secret = "sydney", "hunter2hunter2"
	fleet := oneRegion(t, region, func(fleet *v1alpha1.Fleet, region *v1alpha1.Region) {
		text := fmt.Sprintf(`coderd:
  satellite: {enable: "true", primaryURL: "%s/", accessURL: "%s/"}
  annotations: {db-password: %[3]s, args: "--db-password=%[3]s", url: "postgres://coder:%[3]s@db/coder"}
`, fleet.Coder.URL, region.AccessURL, secret)
		region.Values = append(region.Values, writeInLab(t, "values.yaml", []byte(text)))
	})
	for _, output := range []string{"json", "yaml", "wide"} {
		plan := plugin(t, 0, "plan", "-f", fleet, "-o", output)
		if strings.Contains(plan.Stdout+plan.Stderr, secret) || output != "wide" && !strings.Contains(plan.Stdout, "(redacted)") {
			t.Errorf("plan -o %s: %s", output, plan)
		}
	}
	t.Cleanup(func() { resetRegion(t, region) })
	migrated := plugin(t, 0, "migrate", "-f", fleet, "--yes")
	if strings.Contains(migrated.Stdout+migrated.Stderr, secret) {
		t.Errorf("migrate shows it: %s", migrated)
	}
	for _, object := range []string{"configmap/coder-satellite-journal", "events"} {
		if kept := kubectl(t, region, "--namespace", "coder-satellite", "get", object, "-o", "yaml"); strings.Contains(kept, secret) {
			t.Errorf("%s holds it:\n%s", object, kept)
		}
	}

	scale := func(replicas string) {
		kubectl(t, region, "--namespace", "coder-satellite", "scale", "deployment", "coderd", "--replicas", replicas)
	}
	scale("0")
	status := document[v1alpha1.StatusReport](t, 1, "status", "-f", fleet)
	for _, check := range status.Regions[0].Checks {
		if check.ID == "satellite-ready" && (check.State != v1alpha1.CheckFail || !strings.Contains(check.Message, "it is scaled to 0 replicas")) {
			t.Errorf("%s: %s", check.State, check.Message)
		}
	}
	scale("1")
}
