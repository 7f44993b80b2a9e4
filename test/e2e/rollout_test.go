package e2e

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// A rollout of two waves with a home: the first run is interrupted while the first wave soaks, a colleague goes on, somebody
// else approves the second wave.
func TestRolloutOfDays(t *testing.T) {
	given := lab.Path("gate-events.ndjson")
	fleet := pacedFleet(t, v1alpha1.Wave{Name: "canary", Regions: []string{"sydney"}, Soak: "20s", Gates: []v1alpha1.Gate{
		{Check: "satellite-ready"}, {MaxGap: "10m"}, {Exec: []string{"sh", "-c", "cat > " + given}},
	}}, v1alpha1.Wave{Name: "emea", Selector: "", Approval: "required"})
	t.Cleanup(func() {
		_ = os.Remove(given)
		kubectl(t, "sydney", "--namespace", "coder-satellite", "delete", "configmap", "--selector", "app.kubernetes.io/managed-by=kubectl-coder-satellite,app.kubernetes.io/component=rollout")
		resetRegion(t, "sydney")
		resetRegion(t, "london")
	})
	shown := plugin(t, 0, "plan", "-f", fleet)
	for _, says := range []string{"wave       2 of 2, emea", `would wait for 20s in which status of wave "canary" stays good; a gate of wave "canary": the check satellite-ready;`, "an approval"} {
		if !strings.Contains(strings.Join(strings.Fields(shown.Stdout), " "), strings.Join(strings.Fields(says), " ")) {
			t.Errorf("the plan does not say %q:\n%s", says, shown)
		}
	}

	first := beginRollout(t, fleet)
	first.says(t, `wave \"canary\" soaks until `)
	first.signal(t, syscall.SIGINT)
	if report := first.wait(t, 130, time.Minute); !strings.Contains(report.Stdout, "not started, because the run was interrupted") {
		t.Errorf("%s", report)
	}

	second := beginRollout(t, fleet)
	second.says(t, `wave \"canary\" has passed`)
	second.says(t, `"attention":true`)
	if record := recordOf(t, "london"); record != nil && record.Migrated {
		t.Error("london was migrated before anybody approved it")
	}
	plugin(t, 64, "approve", "-f", fleet, "--wave", "canary", "--reason", "x", "--yes")
	plugin(t, 64, "approve", "-f", fleet, "--wave", "emae", "--reason", "x", "--yes")
	if approved := plugin(t, 0, "approve", "-f", fleet, "--wave", "emea", "--reason", "two quiet nights", "--yes"); !strings.Contains(approved.Stderr, `wave "emea" is approved`) {
		t.Errorf("%s", approved)
	}
	if again := plugin(t, 0, "approve", "-f", fleet, "--wave", "emea", "--reason", "x", "--yes"); !strings.Contains(again.Stderr, "is approved already, by operator@example.com at 20") ||
		!strings.Contains(again.Stderr, "two quiet nights") {
		t.Errorf("%s", again)
	}
	second.wait(t, 0, 5*time.Minute)
	if events, err := os.ReadFile(given); err != nil || !strings.Contains(string(events), `"region":"sydney"`) {
		t.Errorf("the gate's command got %q, %v", events, err)
	}
	status := plugin(t, 0, "status", "-f", fleet, "--wave", "emea")
	if !strings.Contains(status.Stdout, "london") || strings.Contains(status.Stdout, "sydney") {
		t.Errorf("%s", status)
	}
	if third := plugin(t, 0, "migrate", "-f", fleet, "--yes"); !strings.Contains(third.Stdout, "already") {
		t.Errorf("%s", third)
	}
}

// Outside the window nothing begins, however the region was selected, and a signal ends the wait.
func TestRolloutOutsideItsWindow(t *testing.T) {
	day := time.Now().UTC().Add(3 * 24 * time.Hour).Weekday().String()[:3]
	fleet := pacedFleet(t, v1alpha1.Wave{Name: "all", Window: v1alpha1.Window{Days: []string{day}}})
	run := beginRollout(t, fleet, "--region", "london")
	run.says(t, "waits until its window opens, ")
	run.signal(t, syscall.SIGTERM)
	if report := run.wait(t, 130, time.Minute); !strings.Contains(report.Stdout, "not started") {
		t.Errorf("%s", report)
	}
	if record := recordOf(t, "london"); record != nil && record.Operation == "migrate" && record.Outcome == "" {
		t.Error("a migration began")
	}
}

// A home that cannot be used stops a migration before anything is asked.
func TestRolloutWithoutItsHome(t *testing.T) {
	fleet := editedFleet(t, func(f *v1alpha1.Fleet) { f.Rollout = v1alpha1.Rollout{Home: "nowhere"} })
	if refused := plugin(t, 64, "migrate", "-f", fleet, "--yes"); !strings.Contains(refused.Stderr, "rollout.home") || !strings.Contains(refused.Stderr, "nowhere") {
		t.Errorf("%s", refused)
	}
}

// pacedFleet is the lab's Fleet of sydney and london with these waves, and sydney's cluster as the rollout's home.
func pacedFleet(t *testing.T, waves ...v1alpha1.Wave) string {
	t.Helper()
	return editedFleet(t, func(f *v1alpha1.Fleet) {
		var regions []v1alpha1.Region
		for _, region := range f.Regions {
			if region.Name == "sydney" || region.Name == "london" {
				regions = append(regions, region)
			}
		}
		f.Regions, f.Rollout = regions, v1alpha1.Rollout{Home: regions[0].Context, Waves: waves}
	})
}

// rolling is a migrate whose events are followed.
type rolling struct {
	*running
	events string
}

func beginRollout(t *testing.T, fleet string, further ...string) rolling {
	t.Helper()
	events := writeInLab(t, "events", nil)
	return rolling{begin(t, append([]string{"migrate", "-f", fleet, "--yes", "--events", events}, further...)...), events}
}

// says waits until an event has this text.
func (r rolling) says(t *testing.T, text string) {
	t.Helper()
	eventuallyWithin(t, 5*time.Minute, "the event "+text, func() bool {
		data, err := os.ReadFile(r.events)
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Contains(string(data), text)
		select {
		case <-r.ended:
			if !found {
				t.Fatalf("the run ended without %q: %s\n%s", text, r.result, data)
			}
		default:
		}
		return found
	})
}
