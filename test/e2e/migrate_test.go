package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestMigrateFleet is the main use: three regions migrate, status succeeds, and a second run
// finds nothing to do and writes nothing.
func TestMigrateFleet(t *testing.T) {
	t.Cleanup(func() {
		plugin(t, 0, "rollback", "-f", "fleet.yaml", "--remove-satellite", "--yes")
	})
	before := marks(t)
	plan := document[v1alpha1.Plan](t, 2, "plan", "-f", "fleet.yaml", "--detailed-exitcode")
	quiet(t, before)
	if plan.Outcome != v1alpha1.OutcomeChangesPending || len(plan.Regions) != 3 {
		t.Fatalf("plan: outcome %s of %d regions", plan.Outcome, len(plan.Regions))
	}
	for _, region := range plan.Regions {
		for _, step := range region.Steps {
			if step.Name == "install-satellite" && !strings.Contains(step.Diff, "+kind: Deployment") {
				t.Errorf("region %s: the plan shows no manifest diff", region.Name)
			}
			if strings.Contains(step.Diff, "PRIVATE KEY") || strings.Contains(step.Diff, "LS0tLS1") {
				t.Errorf("region %s: the diff shows the private key", region.Name)
			}
		}
	}

	report := document[v1alpha1.MigrationReport](t, 0, "migrate", "-f", "fleet.yaml", "--yes")
	if report.Outcome != v1alpha1.OutcomeSucceeded {
		t.Fatalf("migrate: outcome %s", report.Outcome)
	}
	status := document[v1alpha1.StatusReport](t, 0, "status", "-f", "fleet.yaml")
	for _, region := range status.Regions {
		if region.Phase != v1alpha1.PhaseAdopted || region.Providers[0].NetworkingV2 != v1alpha1.NetworkingV2On {
			t.Errorf("region %s: phase %s, networking %s", region.Name, region.Phase, region.Providers[0].NetworkingV2)
		}
		for _, check := range region.Checks {
			if check.State != v1alpha1.CheckPass {
				t.Errorf("region %s: check %s is %s: %s", region.Name, check.ID, check.State, check.Message)
			}
		}
	}
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, satellite := range state.Satellites {
		names = append(names, satellite.Name)
	}
	if diff := cmp.Diff([]string{"sydney", "london", "ohio"}, names, cmpSorted()); diff != "" {
		t.Errorf("registered satellites (-want +got):\n%s", diff)
	}

	before = marks(t)
	started := time.Now()
	again := document[v1alpha1.MigrationReport](t, 0, "migrate", "-f", "fleet.yaml", "--yes")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("a second migrate took %s", took)
	}
	if again.Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("a second migrate: outcome %s", again.Outcome)
	}
	quiet(t, before)

	// real clients can read what the plugin created
	releases := lab.Helm(t.Context(), "sydney", "list", "--all-namespaces", "--short")
	if diff := cmp.Diff("coder-satellite\ncoder-workspace-provider\n", releases.Stdout); diff != "" {
		t.Errorf("helm list (-want +got):\n%s", diff)
	}
	retained := lab.Helm(t.Context(), "sydney", "list", "--all-namespaces", "--short", "--selector", "coder-satellite.dev/retained=true")
	if diff := cmp.Diff("coder-workspace-provider\n", retained.Stdout); diff != "" {
		t.Errorf("helm list of retained releases (-want +got):\n%s", diff)
	}
	provider, err := lab.Provider("sydney")
	if err != nil {
		t.Fatal(err)
	}
	events, err := lab.Kubectl(t.Context(), "sydney", "--namespace", inlab.LegacyNamespace, "get", "events",
		"--field-selector", "involvedObject.name="+inlab.ProviderJournal(provider.ID), "-o", "jsonpath={.items[*].message}")
	if err != nil || !strings.Contains(events, "enable-networking-v2") {
		t.Errorf("no Event reports the switch: %v: %s", err, events)
	}
}

// TestCanaryFails: if the canary's build fails, the switch is undone.
func TestCanaryFails(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	failNextBuild(t, "canary-sydney", "no space left on device")
	report := document[v1alpha1.MigrationReport](t, 1, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes", "--evidence-dir", t.TempDir())
	region := report.Regions[0]
	for _, wanted := range []string{"rebuild-canary=Failed", "enable-networking-v2=Undone", "rebuild-canary=Undone"} {
		if !contains(states(region), wanted) {
			t.Errorf("the report lacks %s: %v", wanted, states(region))
		}
	}
	if !strings.Contains(region.Error, "no space left on device") {
		t.Errorf("the report does not say why: %s", region.Error)
	}
	if region.Evidence == "" || region.Next == "" {
		t.Errorf("evidence %q, next %q", region.Evidence, region.Next)
	}
	provider, err := lab.Provider("sydney")
	if err != nil {
		t.Fatal(err)
	}
	if provider.EnableNetV2 == nil || *provider.EnableNetV2 {
		t.Error("Networking v2 is still on")
	}
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes")
	plugin(t, 0, "status", "-f", "fleet.yaml", "--region", "sydney")
}

// TestByFlags migrates one region by its context, without a Fleet.
func TestByFlags(t *testing.T) {
	region := lab.Region("ohio")
	args := []string{
		"--context", "ohio", "--access-url", region.AccessURL, "--values", "common.yaml",
		"--chart", "coder", "--repo", lab.RepoURL,
	}
	t.Cleanup(func() { resetRegion(t, "ohio") })
	result := plugin(t, 64, append([]string{"migrate"}, args...)...)
	if !strings.Contains(result.Stderr, "--yes") {
		t.Errorf("without a terminal and --yes: %s", result)
	}
	plugin(t, 0, append([]string{"migrate", "--yes"}, args...)...)
	plugin(t, 0, "status", "--context", "ohio", "--access-url", region.AccessURL)
}
