package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// planned plans a fleet, and returns the plan and its file.
func planned(t *testing.T, fleet string) (v1alpha1.Plan, string) {
	t.Helper()
	result := plugin(t, 0, "plan", "-f", fleet, "-o", "json")
	return decoded[v1alpha1.Plan](t, result), writeInLab(t, "plan.json", []byte(result.Stdout))
}

// editedPlan writes a changed copy of a plan. If sealed is set, the fingerprint is updated to
// match.
func editedPlan(t *testing.T, plan v1alpha1.Plan, sealed bool, edit func(*v1alpha1.RegionPlan)) string {
	t.Helper()
	region := &plan.Regions[0]
	edit(region)
	if sealed {
		data, err := json.Marshal([]any{region.Satellite.Basis, region.Providers[0].Basis})
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		region.Fingerprint = "sha256:" + hex.EncodeToString(sum[:])
	}
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	return writeInLab(t, "plan.json", data)
}

// refusesPlan fails the test unless the plan is refused with exit code 5 for these reasons, and
// nothing is written.
func refusesPlan(t *testing.T, fleet, file string, says ...string) {
	t.Helper()
	before := marks(t)
	result := plugin(t, 5, "migrate", "-f", fleet, "--plan", file, "--yes")
	quiet(t, before)
	saysAll(t, "migrate --plan", result.Stderr, append(says, "nothing was changed", "plan again with"))
}

// TestLongPlanFile: a plan is carried out exactly, or refused with the names of the changes.
func TestLongPlanFile(t *testing.T) {
	freshLegacy(t, "ohio")
	fleet := oneRegion(t, "ohio", func(*v1alpha1.Fleet, *v1alpha1.Region) {})
	plan, file := planned(t, fleet)
	uid := plan.Regions[0].Satellite.Basis.ClusterUID
	other := func(region *v1alpha1.RegionPlan) { region.Satellite.Basis.ClusterUID = "another-cluster" }
	refusesPlan(t, fleet, editedPlan(t, plan, false, other), `region "ohio"`, "the plan file was edited after it was written")
	refusesPlan(t, fleet, editedPlan(t, plan, true, other), "clusterUID was another-cluster when planned and is "+uid+" now")
	refusesPlan(t, "fleet.yaml", file, `region "london" is not in the plan`, `region "sydney" is not in the plan`)

	helm(t, "ohio", "upgrade", inlab.LegacyRelease, lab.LegacyChart("1.20.0"), "--namespace", inlab.LegacyNamespace, "--reuse-values")
	refusesPlan(t, fleet, file, "legacyRelease was coder/coder-workspace-provider.1 when planned and is coder/coder-workspace-provider.2 now")

	_, file = planned(t, fleet)
	report := document[v1alpha1.MigrationReport](t, 0, "migrate", "-f", fleet, "--plan", file, "--yes")
	if report.Outcome != v1alpha1.OutcomeSucceeded {
		t.Errorf("the plan was not carried out: %s", report.Outcome)
	}
	refusesPlan(t, fleet, file, "networkingV2 was Off when planned and is On now", "registration was (none) when planned", "satelliteRevision was 0 when planned and is 1 now")

	// someone changes the primary after the plan was made
	plan, file = planned(t, fleet)
	if err := lab.Call("PATCH", "/api/private/resource-pools/"+plan.Regions[0].Providers[0].ID, map[string]bool{"enable_net_v2": false}); err != nil {
		t.Fatal(err)
	}
	refusesPlan(t, fleet, file, "networkingV2 was On when planned and is Off now")
	finishes(t, "ohio")

	plan, file = planned(t, fleet)
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range state.Satellites {
		if satellite.Name != "ohio" {
			continue
		}
		if err := lab.Call("DELETE", satellitePath+"/"+satellite.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
	refusesPlan(t, fleet, file, "registration was "+plan.Regions[0].Satellite.Basis.Registration+" when planned and is (none) now")
	finishes(t, "ohio")
}

// TestPlanFileChart: the same chart version now has other content.
func TestPlanFileChart(t *testing.T) {
	dir := t.TempDir()
	if done := lab.Run(t.Context(), nil, "tar", "-xzf", lab.Path("charts", "coder-1.21.7.tgz"), "-C", dir); done.Code != 0 {
		t.Fatal(done)
	}
	chart := filepath.Join(dir, "coder")
	fleet := oneRegion(t, "ohio", func(fleet *v1alpha1.Fleet, _ *v1alpha1.Region) { fleet.Chart = v1alpha1.Chart{Name: chart} })
	plan, file := planned(t, fleet)
	extra := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n"
	if err := os.WriteFile(filepath.Join(chart, "templates", "extra.yaml"), []byte(extra), 0o600); err != nil {
		t.Fatal(err)
	}
	refusesPlan(t, fleet, file, "chartDigest was "+plan.Regions[0].Satellite.Basis.ChartDigest+" when planned")
}
