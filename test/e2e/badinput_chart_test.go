package e2e

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestMissingTLSSecret(t *testing.T) {
	values := writeInLab(t, "values.yaml", []byte("coderd: {tls: {hostSecretName: no-such-secret, devurlsHostSecretName: nor-this}}\n"))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = []string{values} })
	refused(t, "values-secrets", []string{"values-secrets", "no-such-secret", "nor-this", `namespace "coder-satellite"`, "kubectl create secret tls"}, "-f", fleet)
}

func TestAbsentChartVersion(t *testing.T) {
	fleet := oneRegion(t, "sydney", func(fleet *v1alpha1.Fleet, _ *v1alpha1.Region) { fleet.Chart.Version = "1.21.99" })
	refused(t, "chart-available", []string{"chart-available", lab.RepoURL + " has no chart coder 1.21.99", "it has ", "1.21.7", "--chart-version"}, "-f", fleet)
	fleet = oneRegion(t, "sydney", func(fleet *v1alpha1.Fleet, _ *v1alpha1.Region) { fleet.Chart.Name = "codr" })
	refused(t, "chart-available", []string{"chart-available", lab.RepoURL + ` has no chart "codr"`}, "-f", fleet)
}

func TestUnreachableRepository(t *testing.T) {
	fleet := oneRegion(t, "sydney", func(fleet *v1alpha1.Fleet, _ *v1alpha1.Region) { fleet.Chart.Repo = closedPort })
	refused(t, "chart-available", []string{"chart-available", "the chart repository " + closedPort + " cannot be read", "connection refused"}, "-f", fleet)
}

// TestContraryValues: values that would make it another region's satellite.
func TestContraryValues(t *testing.T) {
	values := writeInLab(t, "values.yaml", []byte("coderd: {satellite: {accessURL: https://elsewhere.example.com}}\n"))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = []string{values} })
	refused(t, "values-valid", []string{"values-valid", "coderd.satellite.accessURL: https://elsewhere.example.com", "remove it from the values"}, "-f", fleet)
}

// TestValuesThatTheChartCannotTake: an error that only Helm can detect is reported before
// anything is changed.
func TestValuesThatTheChartCannotTake(t *testing.T) {
	values := writeInLab(t, "values.yaml", []byte("coderd: {readiness: soon}\n"))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = []string{values} })
	refused(t, "values-valid", []string{"values-valid", "chart coder 1.21.7 cannot be rendered with these values", "coderd.yaml", "correct the values"}, "-f", fleet)
}

// TestImageCannotBePulled: the error appears only after the satellite is installed. The
// installation is undone, and the legacy path is unchanged.
func TestImageCannotBePulled(t *testing.T) {
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = []string{values} })
	t.Cleanup(func() { resetRegion(t, "sydney") })
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	report := document[v1alpha1.MigrationReport](t, 1, "migrate", "-f", fleet, "--yes", "--evidence-dir", t.TempDir())
	region := report.Regions[0]
	for _, wanted := range []string{"install-satellite=Failed", "install-satellite=Undone"} {
		if !contains(states(region), wanted) {
			t.Errorf("the report lacks %s: %v", wanted, states(region))
		}
	}
	saysAll(t, "migrate", region.Error, []string{"install-satellite", "Pod coderd-", "ImagePullBackOff", "coder-service-missing"})
	if region.Evidence == "" || region.Next == "" {
		t.Errorf("evidence %q, next %q", region.Evidence, region.Next)
	}

	releases := lab.Helm(t.Context(), "sydney", "list", "--all", "--all-namespaces", "--short")
	if releases.Stdout != "coder-workspace-provider\n" {
		t.Errorf("the install was not undone: %s", releases)
	}
	if left := kubectl(t, "sydney", "--namespace", "coder-satellite", "get", "deployments,services,pods", "-o", "name"); strings.TrimSpace(left) != "" {
		t.Errorf("left in the satellite's namespace: %s", left)
	}
	if ready := kubectl(t, "sydney", "--namespace", "coder", "get", "deployment", "envproxy", "-o", "jsonpath={.status.availableReplicas}"); ready != "1" {
		t.Errorf("envproxy has %q available replicas", ready)
	}
	quiet(t, nil) // the primary was not changed

	// the next run, with an image that exists, continues from there
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes")
}

// TestUpgradeToMissingImage: a migrated region keeps its satellite and its users if an upgrade of
// the satellite does not become ready.
func TestUpgradeToMissingImage(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes")
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = []string{values} })
	report := document[v1alpha1.MigrationReport](t, 1, "migrate", "-f", fleet, "--yes", "--evidence-dir", t.TempDir())
	for _, wanted := range []string{"install-satellite=Failed", "install-satellite=Undone"} {
		if got := states(report.Regions[0]); !contains(got, wanted) {
			t.Errorf("the report lacks %s: %v", wanted, got)
		}
	}
	status := document[v1alpha1.StatusReport](t, 0, "status", "-f", "fleet.yaml", "--region", "sydney")
	if region := status.Regions[0]; region.Phase != v1alpha1.PhaseAdopted || region.Providers[0].NetworkingV2 != v1alpha1.NetworkingV2On {
		t.Errorf("phase %s, networking %s", region.Phase, region.Providers[0].NetworkingV2)
	}
	if releases := lab.Helm(t.Context(), "sydney", "list", "--namespace", "coder-satellite", "--short"); releases.Stdout != "coder-satellite\n" {
		t.Errorf("the release is not deployed: %s", releases)
	}
}
