package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestPrimaryUpgradedInTheMiddle: a primary that is upgraded to 1.22 during the canary's rebuild
// no longer has a legacy path. All decisions and messages after that follow the new version.
func TestPrimaryUpgradedInTheMiddle(t *testing.T) {
	old, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion(old.Version); err != nil {
			t.Fatal(err)
		}
		resetRegion(t, "london")
	})
	refuseRebuild(t, "london")
	run := begin(t, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir())...)
	run.reaches(t, "london", "rebuild-canary")
	run.held(t, "PATCH")
	networking(t, "london", true)
	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	result := run.wait(t, 1, time.Minute)
	report := reported(t, result)
	for _, step := range report.Steps {
		if strings.Contains(step.Message, "legacy path") {
			t.Errorf("%s is %s: %s", step.Name, step.State, step.Message)
		}
	}
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		if request.Method == "PATCH" && strings.Contains(request.Path, "resource-pools") {
			t.Errorf("the plugin tried to switch a primary without a switch: %s, %d", request.Path, request.Status)
		}
	}
	wanted := factsOf(t, "london").expected()
	wanted.NetworkingV2 = v1alpha1.NetworkingV2AlwaysOn
	if inlab.StateOf(report) == nil || *inlab.StateOf(report) != wanted {
		t.Errorf("the report says that the region is %+v, and it is %+v", inlab.StateOf(report), wanted)
	}
	saysAll(t, "next", report.Next, []string{"kubectl coder-satellite migrate"})
	plugin(t, 0, strings.Fields("migrate "+strings.TrimPrefix(report.Next, "kubectl coder-satellite migrate ")+" --yes -o json")...)
}
