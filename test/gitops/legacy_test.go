package gitops

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// legacyRelease is the HelmRelease of a legacy release that Helm installed, as somebody writes it who hands that to Flux.
func legacyRelease(region string) string {
	return fmt.Sprintf(`
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: {name: coder, namespace: coder}
spec: {interval: 1m, url: %q}
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: envproxy, namespace: coder}
spec:
  interval: 2s
  releaseName: %s
  chart: {spec: {chart: workspace-provider, version: 1.20.0, sourceRef: {kind: HelmRepository, name: coder}}}
  driftDetection: {mode: enabled}
  values:
    envproxy: {token: envproxy-token-of-%s, accessURL: %q, clusterAddress: %q}
    cemanager: {accessURL: %q}
`, lab.RepoURL, inlab.LegacyRelease, region, lab.Region(region).EnvproxyURL, lab.Region(region).Server, lab.PrimaryURL)
}

// A legacy release that Flux reconciles every two seconds moves to the satellite and back, and goes for good. It is retained
// at every look, since Flux leaves it alone as long as it must.
func TestLegacyOfFlux(t *testing.T) {
	const region, namespace, name = "sydney", "coder", "envproxy"
	f, v := begin(t, region), view(t, region)
	apply(t, region, legacyRelease(region))
	f.ready(t, namespace, name)
	revisions := func() int { return len(look(t, v).Legacy) }
	suspended := func() string { return f.release(t, namespace, name, "{.spec.suspend}") }
	adopted := revisions()
	if adopted != 2 {
		t.Fatalf("Flux adopts what Helm installed by one upgrade, but there are %d revisions", adopted)
	}

	quiet(t, region, func() {
		says(t, on(t, 5, region, "plan").Stdout, "HelmRelease coder/envproxy", "--gitops suspend")
		on(t, 5, region, "migrate", "--yes")
		on(t, 0, region, "plan", "--gitops", "suspend")
	})
	if suspended() != "" || look(t, v).Switch != meddle.Off {
		t.Fatal("a refusal, or a plan, changed something")
	}

	end := beginWatch(t, v)
	// alone fails the test if Flux changed the release, or took its retention away, although it was asked to reconcile.
	alone := func(upgrades int) {
		t.Helper()
		f.poke(t, namespace, name)
		facts := look(t, v)
		if err := facts.Retained(); suspended() != "true" || len(facts.Legacy) != adopted+upgrades || err != nil {
			t.Fatalf("suspended %q, %d revisions, retained: %v", suspended(), len(facts.Legacy), err)
		}
	}
	on(t, 0, region, "migrate", "--gitops", "suspend", "--yes")
	alone(0)
	on(t, 0, region, "rollback", "--yes")
	alone(0)
	on(t, 0, region, "migrate", "--yes")
	alone(0)

	on(t, 0, region, "rollback", "--gitops", "resume", "--yes")
	eventually(t, "the upgrade by Flux", func() bool { return revisions() == adopted+1 })
	f.ready(t, namespace, name)
	if suspended() != "" || look(t, v).Retained() == nil {
		t.Error("a resumed HelmRelease is expected to undo the retention")
	}
	quiet(t, region, func() { on(t, 5, region, "migrate", "--yes") })
	on(t, 0, region, "migrate", "--gitops", "suspend", "--yes")
	alone(1)
	end()

	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
	})
	on(t, 0, region, "migrate", "--yes") // the satellite follows the primary
	alone(1)
	on(t, 64, region, "finalize", "--gitops", "resume", "--yes")
	says(t, on(t, 0, region, "finalize", "--yes").Stderr, "stays suspended: delete it")
	f.poke(t, namespace, name)
	if left := helm(t, region, "list", "--all-namespaces", "--all", "--short"); strings.Contains(left, inlab.LegacyRelease) {
		t.Errorf("Flux installed it again: %s", left)
	}
	if found := check(t, region, "legacy-owner"); found.State != v1alpha1.CheckSkipped {
		t.Errorf("legacy-owner is %s: %s", found.State, found.Message)
	}
	kubectl(t, region, "--namespace", namespace, "delete", "helmrelease", name) // which Flux allows at once, and touches nothing
	if err := look(t, v).Provisions(); err != nil {
		t.Error(err)
	}
	on(t, 0, region, "status")
}
