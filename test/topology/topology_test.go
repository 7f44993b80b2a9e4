package topology

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// shapes are the regions for the documentation's cases, with their providers.
func shapes() map[string][]string {
	return map[string][]string{
		"london":       {"london-a", "london-b"}, // the satellite in its own cluster
		"paris":        {"paris-1", "paris-2"},   // two providers in one cluster
		"headquarters": {"built-in"},             // no satellite
	}
}

// all is the wanted state of every provider of the region.
func all(region string, on bool) map[string]bool {
	states := map[string]bool{}
	for _, provider := range shapes()[region] {
		states[provider] = on
	}
	return states
}

// TestShapes: each topology is planned, migrated by a run that is killed and by one that
// continues, rolled back, migrated, finalized at v1.22, and its satellite is removed.
func TestShapes(t *testing.T) {
	for region, providers := range shapes() {
		t.Run(region, func(t *testing.T) {
			t.Cleanup(func() { reset(t, region) })
			of := []string{"-f", "fleet.yaml", "--region", region}
			plugin(t, 2, append([]string{"plan", "--detailed-exitcode"}, of...)...)
			switches(t, all(region, false))

			last := providers[len(providers)-1]
			killed := begin(t, append([]string{"migrate", "--yes", "--lock-duration", lockDuration.String()}, of...)...)
			step := "rebuild-canary"
			if len(providers) > 1 {
				step += " (" + last + ")"
			}
			if !killed.says(t, step+"  running") {
				t.Fatalf("it ended before it was killed: %s", killed.outcome(t))
			}
			if err := killed.command.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			killed.outcome(t)
			resumed := reported(t, plugin(t, 0, append([]string{"migrate", "--yes", "-o", "json"}, of...)...))
			if !strings.Contains(resumed.Resumed, "stopped without recording a result at step rebuild-canary") {
				t.Errorf("resumed: %q", resumed.Resumed)
			}
			switches(t, all(region, true))
			plugin(t, 0, append([]string{"status"}, of...)...)
			if again := plugin(t, 0, append([]string{"migrate", "--yes", "-o", "json"}, of...)...); reported(t, again).Outcome != v1alpha1.OutcomeNothingToDo {
				t.Errorf("a second migrate did something: %s", again)
			}

			plugin(t, 0, append([]string{"rollback", "--yes"}, of...)...)
			switches(t, all(region, false))
			plugin(t, 0, append([]string{"migrate", "--yes"}, of...)...)
			switches(t, all(region, true))
		})
	}
}

// TestShapesFinalized: from v1.22 on the legacy releases are removed, provider by provider. A
// region without a satellite has nothing to finalize. A satellite in use is removed only with
// --force.
func TestShapesFinalized(t *testing.T) {
	before, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for region := range shapes() {
		plugin(t, 0, "migrate", "--yes", "-f", "fleet.yaml", "--region", region)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion(before.Version); err != nil {
			t.Fatal(err)
		}
		for region, providers := range shapes() {
			for _, provider := range providers {
				if provider == "built-in" {
					continue
				}
				if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), provider); err != nil {
					t.Fatal(err)
				}
			}
			reset(t, region)
		}
	})
	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	if got := reported(t, plugin(t, 0, "finalize", "--yes", "-f", "fleet.yaml", "--region", "headquarters", "-o", "json")); got.Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("headquarters is finalized: %s", got.Outcome)
	}
	plugin(t, 0, "migrate", "--yes", "-f", "fleet.yaml", "--region", "london", "--region", "paris") // so that the satellites have the primary's version
	one := reported(t, plugin(t, 0, "finalize", "--yes", "-f", "fleet.yaml", "--provider", "london-a", "-o", "json"))
	if len(one.Providers) != 1 || one.Providers[0].Name != "london-a" || one.Providers[0].After.LegacyRetained != v1alpha1.FindingNone {
		t.Errorf("providers: %+v", one.Providers)
	}
	if left := lab.Helm(t.Context(), "london-b", "list", "--all-namespaces", "--short"); left.Stdout != "coder-workspace-provider\n" {
		t.Errorf("london-b's release: %s", left)
	}
	plugin(t, 0, "finalize", "--yes", "-f", "fleet.yaml", "--region", "london", "--region", "paris")
	for _, cluster := range []string{"london-a", "london-b", "paris"} {
		if left := lab.Helm(t.Context(), cluster, "list", "--all-namespaces", "--short"); strings.Contains(left.Stdout, "coder-workspace-provider") {
			t.Errorf("%s still has %s", cluster, left.Stdout)
		}
	}
	plugin(t, 5, "remove", "--yes", "-f", "fleet.yaml", "--region", "london")
	plugin(t, 0, "remove", "--yes", "-f", "fleet.yaml", "--region", "london", "--force", "--reason", "a test")
}

// TestUnifiedURLOfTwoSatellites: both satellites get the unified URL, and the checks test it.
func TestUnifiedURLOfTwoSatellites(t *testing.T) {
	file := fleet(t, func(f *v1alpha1.Fleet) {
		f.UnifiedURL = "https://global.example.com"
		f.Regions = []v1alpha1.Region{regionOf(f, "london"), regionOf(f, "paris")}
	})
	result := plugin(t, 5, "plan", "-f", file, "-o", "json")
	var plan v1alpha1.Plan
	if err := json.Unmarshal([]byte(result.Stdout), &plan); err != nil {
		t.Fatal(err)
	}
	for _, region := range plan.Regions {
		told := 0
		for _, check := range region.Preflight {
			if check.ID == "unified-url-supported" && check.State == v1alpha1.CheckFail {
				told++
			}
		}
		if told != 1 {
			t.Errorf("region %s says %d times that v1.21 has no unified URL: %+v", region.Name, told, region.Preflight)
		}
	}
}

// TestOneCanaryFails: the provider before it stays migrated, its own switch is undone, and the
// report says both.
func TestOneCanaryFails(t *testing.T) {
	t.Cleanup(func() { reset(t, "london") })
	workspace, err := lab.Workspace("canary-london-b")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.FailBuilds(workspace.ID, "no space left on device", true); err != nil {
		t.Fatal(err)
	}
	report := reported(t, plugin(t, 3, "migrate", "--yes", "-f", "fleet.yaml", "--region", "london", "-o", "json", "--evidence-dir", t.TempDir()))
	switches(t, map[string]bool{"london-a": true, "london-b": false})
	if report.Outcome != v1alpha1.OutcomePartlyFailed || report.Satellite.After.Answers != v1alpha1.FindingYes {
		t.Errorf("%s, satellite %+v", report.Outcome, report.Satellite.After)
	}
	for i, want := range []struct {
		outcome    v1alpha1.Outcome
		networking v1alpha1.NetworkingV2
	}{{v1alpha1.OutcomeSucceeded, v1alpha1.NetworkingV2On}, {v1alpha1.OutcomeFailed, v1alpha1.NetworkingV2Off}} {
		if got := report.Providers[i]; got.Outcome != want.outcome || got.After.NetworkingV2 != want.networking {
			t.Errorf("%s: %s, %+v", got.Name, got.Outcome, got.After)
		}
	}
	if !strings.Contains(report.Error, "no space left on device") || !strings.Contains(report.Error, "london-b") {
		t.Errorf("error %q", report.Error)
	}
	plugin(t, 0, "migrate", "--yes", "-f", "fleet.yaml", "--provider", "london-b")
	switches(t, map[string]bool{"london-a": true, "london-b": true})
	plugin(t, 5, "remove", "--yes", "-f", "fleet.yaml", "--provider", "london-a")
	plugin(t, 0, "rollback", "--yes", "-f", "fleet.yaml", "--provider", "london-a")
	refused := plugin(t, 5, "remove", "--yes", "-f", "fleet.yaml", "--provider", "london-a")
	if !strings.Contains(strings.Join(strings.Fields(refused.Stdout), " "), "rollback --filename fleet.yaml --region london --provider london-b") {
		t.Errorf("it does not say what to roll back: %s", refused)
	}
}

// TestProvidersOfAnotherFleet: providers in a satellite's journal count as its users, whatever
// Fleet file is used.
func TestProvidersOfAnotherFleet(t *testing.T) {
	t.Cleanup(func() { reset(t, "london") })
	plugin(t, 0, "migrate", "--yes", "-f", "fleet.yaml", "--provider", "london-b")
	other := fleet(t, func(f *v1alpha1.Fleet) {
		region := regionOf(f, "london")
		region.Providers = region.Providers[:1]
		f.Regions = []v1alpha1.Region{region}
	})
	refused := plugin(t, 5, "remove", "--yes", "-f", other)
	if !strings.Contains(refused.Stdout, `"london-b"`) {
		t.Errorf("the message does not name the users of the satellite: %s", refused)
	}
	plugin(t, 1, "rollback", "--yes", "-f", other, "--remove-satellite", "--networking-v2-was", "on")
	switches(t, map[string]bool{"london-b": true})
}

// TestTwoFleetsOneProvider: two runs whose Fleet files share only one provider exclude each other
// through that provider's lock.
func TestTwoFleetsOneProvider(t *testing.T) {
	t.Cleanup(func() { reset(t, "london"); reset(t, "paris") })
	with := func(region string) string {
		return fleet(t, func(f *v1alpha1.Fleet) {
			one := regionOf(f, region)
			one.Providers = []v1alpha1.RegionProvider{{Name: "london-a", Context: "london-a"}}
			f.Regions = []v1alpha1.Region{one}
		})
	}
	one, two := with("london"), with("paris")
	runs := []*running{begin(t, "migrate", "--yes", "-f", one, "-o", "json"), begin(t, "migrate", "--yes", "-f", two, "-o", "json")}
	codes := map[int]int{}
	for _, run := range runs {
		result := run.outcome(t)
		codes[result.Code]++
		if result.Code != 0 && result.Code != 4 && result.Code != 5 {
			t.Errorf("%s", result)
		}
	}
	if codes[0] != 1 {
		t.Errorf("exit codes %v, want one winner", codes)
	}
	switches(t, map[string]bool{"london-a": true})
	plugin(t, 0, "rollback", "--yes", "-f", one)
}

// TestBuiltInByFlags: the built-in provider without a Fleet file.
func TestBuiltInByFlags(t *testing.T) {
	t.Cleanup(func() { reset(t, "headquarters") })
	ca := lab.CAFile
	if _, err := os.Stat(ca); err != nil {
		t.Fatal(err)
	}
	flags := []string{"--context", "headquarters", "--satellite", "none", "--provider", "built-in"}
	plugin(t, 0, append([]string{"migrate", "--yes"}, flags...)...)
	switches(t, map[string]bool{"built-in": true})
	plugin(t, 0, append([]string{"status"}, flags...)...)
	plugin(t, 0, append([]string{"verify"}, flags...)...)
}
