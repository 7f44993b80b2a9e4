package gitops

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// handedOver is what Git has for Flux to take a region's satellite over: the release's own name, namespace, chart and values.
func handedOver(t *testing.T, region string, source string) string {
	t.Helper()
	var values map[string]any
	installed := helm(t, region, "get", "values", inlab.SatelliteRelease, "--namespace", inlab.SatelliteNamespace, "-o", "json")
	if err := json.Unmarshal([]byte(installed), &values); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	chart := map[string]string{
		"HelmRepository": "chart: {spec: {chart: coder, version: 1.21.7, sourceRef: {kind: HelmRepository, name: coder}}}",
		"OCIRepository":  "chartRef: {kind: OCIRepository, name: coder}",
	}[source]
	spec := map[string]string{
		"HelmRepository": fmt.Sprintf("{interval: 1m, url: %q}", lab.RepoURL),
		"OCIRepository":  "{interval: 1m, url: oci://registry.example.com/charts/coder, ref: {tag: 1.21.7}}",
	}[source]
	return fmt.Sprintf(`
apiVersion: source.toolkit.fluxcd.io/v1
kind: %s
metadata: {name: coder, namespace: %s}
spec: %s
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: coder-satellite, namespace: %s}
spec:
  interval: 2s
  releaseName: %s
  %s
  driftDetection: {mode: enabled}
  values: %s
`, source, inlab.SatelliteNamespace, spec, inlab.SatelliteNamespace, inlab.SatelliteRelease, chart, text)
}

// running are the identities of what serves a satellite's users.
func running(t *testing.T, region string) string {
	t.Helper()
	return kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "get", "replicasets,pods", "--sort-by", "metadata.uid",
		"-o", `jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{"\n"}{end}`)
}

// twoReplicas is the lab's Fleet file with satellites of two replicas.
func twoReplicas(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var fleet v1alpha1.Fleet
	if err := yaml.UnmarshalStrict(data, &fleet); err != nil {
		t.Fatal(err)
	}
	fleet.Defaults.Values = append(fleet.Defaults.Values, "two-replicas.yaml")
	if data, err = yaml.Marshal(fleet); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"two-replicas.yaml": []byte("coderd: {replicas: 2}\n"), "two-replicas-fleet.yaml": data} {
		if err := os.WriteFile(lab.Path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return "two-replicas-fleet.yaml"
}

// A satellite that the plugin installed is handed to Flux: it keeps its pods and its key, and belongs to Flux from then on.
func TestSatelliteForFlux(t *testing.T) {
	const region, namespace, name = "london", inlab.SatelliteNamespace, "coder-satellite"
	on(t, 0, region, "migrate", "--yes")
	f, v := begin(t, region), view(t, region)
	pods, before := running(t, region), look(t, v)
	two := twoReplicas(t)
	for i, source := range []string{"HelmRepository", "OCIRepository"} {
		apply(t, region, handedOver(t, region, source))
		if i > 0 { // a HelmRelease has one or the other
			kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch", `{"spec":{"chart":null}}`)
		}
		f.ready(t, namespace, name)
		after := look(t, v)
		if diff := cmp.Diff(pods, running(t, region)); diff != "" {
			t.Errorf("%s: pods (-before +after the adoption):\n%s", source, diff)
		}
		if err := after.Rule(); after.Key != before.Key || len(after.Records) != len(before.Records)+1+i || err != nil {
			t.Errorf("%s: key %s, was %s; %d records, were %d; %v", source, after.Key, before.Key, len(after.Records), len(before.Records), err)
		}
		eventually(t, "the owner's report", func() bool { // while it reconciles it says that it is not ready
			found := check(t, region, "satellite-owner")
			return found.State == v1alpha1.CheckPass && found.Message == "Flux's HelmRelease coder-satellite/coder-satellite owns it, and is ready"
		})
		on(t, 0, region, "status")
		quiet(t, region, func() {
			on(t, 0, region, "migrate", "--yes")
			says(t, from(t, 5, two, region, "migrate", "--yes").Stdout, "owns the satellite's release", "the values differ")
		})
	}

	// what is changed in Git is Flux's to do
	kubectl(t, region, "--namespace", namespace, "patch", "helmrelease", name, "--type=merge", "--patch", `{"spec":{"values":{"coderd":{"replicas":2}}}}`)
	f.ready(t, namespace, name)
	quiet(t, region, func() { from(t, 0, two, region, "migrate", "--yes") })
	if after := look(t, v); after.Key != before.Key || after.Rule() != nil || len(after.Records) != len(before.Records)+3 {
		t.Errorf("after a change in Git: %s", after)
	}
}
