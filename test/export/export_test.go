package export

import (
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/releaseutil"
	"sigs.k8s.io/yaml"
)

const (
	oci = "oci://registry.example.com/charts/coder"
	url = "https://coder-sydney.example.com"
)

// An API server with the real definitions takes everything that export writes, with no field that they do not know; and
// refuses a field that they do not know, so that this says something.
func TestExportFitsDefinitions(t *testing.T) {
	files := strings.Fields(os.Getenv("CODER_SATELLITE_CRDS"))
	if len(files) != 4 {
		t.Fatalf("the definitions of HelmRelease, HelmRepository, Application and ApplicationSet are in %q", files)
	}
	for _, file := range files {
		kubectl(t, "apply", "--server-side", "--filename", file) // they are too long for an annotation
		wait := []string{"--context", "sydney", "wait", "--for=condition=Established", "--filename", file}
		deadline := time.Now().Add(time.Minute)
		for result := lab.Run(t.Context(), nil, "kubectl", wait...); result.Code != 0; result = lab.Run(t.Context(), nil, "kubectl", wait...) {
			if time.Now().After(deadline) { // kubectl gives up at once if there is no condition yet
				t.Fatal(result)
			}
		}
	}
	for _, namespace := range []string{"argocd", "flux-system", "coder-satellite"} {
		result := lab.Run(t.Context(), nil, "kubectl", "--context", "sydney", "create", "namespace", namespace)
		if result.Code != 0 && !strings.Contains(result.Stderr, "AlreadyExists") {
			t.Fatal(result)
		}
	}
	values := write(t, "values.yaml", "coderd: {password: hunter2, list: [1, {a: b}], text: \"a\\n\\nb\", empty: {}}\n")
	one := []string{"--context", "sydney", "--access-url", url, "--chart-version", "1.21.7"}
	odd := slices.Concat(one, []string{"--values", values})
	for name, args := range map[string][]string{
		"Flux":              {"flux", "-f", "fleet.yaml"},
		"Flux by OCI":       append([]string{"flux", "--chart", oci, "--set", "coderd.replicas=3"}, one...),
		"Flux with secrets": append([]string{"flux", "--values-from", "{region}-values:key.yaml", "--values-from", "all"}, odd...),
		"a hub":             {"flux", "-f", "fleet.yaml", "--kubeconfig-secret-ref", "{region}-kubeconfig"},
		"a hub with waves":  {"flux", "-f", waves(t), "--kubeconfig-secret-ref", "{region}-kubeconfig"},
		"Argo CD":           {"argocd", "-f", "fleet.yaml"},
		"Argo CD by OCI":    append([]string{"argocd", "--chart", oci}, one...),
		"an ApplicationSet": {"argocd", "-f", waves(t), "--application-set"},
	} {
		t.Run(name, func(t *testing.T) {
			text := plugin(t, append([]string{"export"}, args...)...)
			if name == "a hub with waves" && !strings.Contains(text, "dependsOn:") {
				t.Errorf("no wave waits:\n%s", text)
			}
			apply := []string{"--context", "sydney", "apply", "--dry-run=server", "--validate=strict", "--filename"}
			run(t, "kubectl", append(apply, write(t, "export.yaml", text))...)
			wrong := strings.NewReplacer("releaseName:", "releaseNames:").Replace(text)
			if result := lab.Run(t.Context(), nil, "kubectl", append(apply, write(t, "wrong.yaml", wrong))...); result.Code == 0 || !strings.Contains(result.Stderr, "releaseNames") {
				t.Errorf("a field that does not exist is taken: %s", result)
			}
		})
	}
}

// waves is a Fleet of three regions in two waves, all in the lab's cluster.
func waves(t *testing.T) string {
	return write(t, "fleet.yaml", `
apiVersion: coder-satellite.dev/v1alpha1
kind: Fleet
coder: {url: https://coder.example.com}
chart: {version: 1.21.7}
regions:
- {name: sydney, context: sydney, accessURL: "https://coder-sydney.example.com"}
- {name: US_east.1, context: "a:b/c", accessURL: "https://coder-us.example.com", namespace: edge, release: sat}
- {name: london, context: london, accessURL: "https://coder-london.example.com"}
rollout: {waves: [{regions: [sydney]}, {regions: [US_east.1, london]}]}
`)
}

// What is exported is what migrate installs. Upgraded as Flux upgrades it, and applied as Argo CD applies it, the satellite
// keeps its Deployment, its pods and its key.
func TestExportAdoptsSatellite(t *testing.T) {
	plugin(t, "migrate", "-f", "fleet.yaml", "--yes")
	var release struct {
		Spec struct {
			Chart struct {
				Spec struct{ Chart, Version string }
			}
			ReleaseName, StorageNamespace, TargetNamespace string
			Values                                         map[string]any
		}
	}
	find(t, plugin(t, "export", "flux", "-f", "fleet.yaml"), "HelmRelease", &release)
	spec := release.Spec
	at := []string{"--kube-context", "sydney", "--namespace", spec.StorageNamespace}
	var installed map[string]any
	if err := yaml.Unmarshal([]byte(run(t, "helm", append(at, "get", "values", spec.ReleaseName, "-o", "yaml")...)), &installed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(installed, spec.Values); diff != "" || spec.TargetNamespace != spec.StorageNamespace {
		t.Errorf("(-installed +exported):\n%s", diff)
	}
	var repository struct{ Spec struct{ URL string } }
	find(t, plugin(t, "export", "flux", "-f", "fleet.yaml"), "HelmRepository", &repository)
	text, err := yaml.Marshal(spec.Values)
	if err != nil {
		t.Fatal(err)
	}
	chart := []string{spec.ReleaseName, spec.Chart.Spec.Chart, "--repo", repository.Spec.URL, "--version", spec.Chart.Spec.Version, "--values", write(t, "values.yaml", string(text))}
	before, ours := state(t, spec.TargetNamespace), key(t, spec.TargetNamespace)

	run(t, "helm", append(append([]string{"upgrade"}, chart...), at...)...)
	if after := state(t, spec.TargetNamespace); after != before || key(t, spec.TargetNamespace) != ours {
		t.Errorf("an upgrade like Flux's changed %s to %s, or the key", before, after)
	}

	rendered := run(t, "helm", append(append([]string{"template"}, chart...), at...)...)
	var secret struct{ Data map[string]string }
	find(t, rendered, "Secret", &secret)
	if sum([]byte(secret.Data["privateKey"])) == ours || len(secret.Data) != 1 {
		t.Error("the chart keeps the key without the cluster: the Application need not ignore it")
	}
	var application struct {
		Spec struct {
			Source struct {
				RepoURL, Chart, TargetRevision string
				Helm                           struct {
					ReleaseName  string
					ValuesObject map[string]any
				}
			}
			IgnoreDifferences []struct {
				Kind, Name   string
				JSONPointers []string
			}
		}
	}
	find(t, plugin(t, "export", "argocd", "-f", "fleet.yaml"), "Application", &application)
	source := application.Spec.Source
	if source.RepoURL != repository.Spec.URL || source.Chart != spec.Chart.Spec.Chart || source.TargetRevision != spec.Chart.Spec.Version ||
		source.Helm.ReleaseName != spec.ReleaseName || !cmp.Equal(source.Helm.ValuesObject, spec.Values) {
		t.Errorf("Argo CD would install something else than Flux: %+v", source)
	}
	ignored := application.Spec.IgnoreDifferences
	if len(ignored) != 1 || ignored[0].Kind != "Secret" || ignored[0].Name != "coder-replica-private-key" || !cmp.Equal(ignored[0].JSONPointers, []string{"/data/privateKey"}) {
		t.Errorf("ignored is %+v", ignored)
	}
	for name, document := range releaseutil.SplitManifests(rendered) {
		if strings.Contains(document, "kind: Secret\n") {
			continue // Argo CD applies it with the key that is there
		}
		kubectl(t, "apply", "--server-side", "--force-conflicts", "--field-manager", "argocd-controller", "--filename", write(t, name, document))
	}
	if after := state(t, spec.TargetNamespace); after != before {
		t.Errorf("applying it like Argo CD changed %s to %s", before, after)
	}
	plugin(t, "status", "-f", "fleet.yaml")
}

// find decodes the object of that kind in a manifest.
func find(t *testing.T, manifest, kind string, into any) {
	t.Helper()
	for _, document := range releaseutil.SplitManifests(manifest) {
		var head struct{ Kind string }
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind == kind {
			if err := yaml.Unmarshal([]byte(document), into); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("there is no %s in:\n%s", kind, manifest)
}

// state is the Deployment's generation, and its pods.
func state(t *testing.T, namespace string) string {
	t.Helper()
	return kubectl(t, "--namespace", namespace, "get", "deployment/coderd", "-o", "jsonpath={.metadata.uid} {.metadata.generation}") + " " +
		kubectl(t, "--namespace", namespace, "get", "pods", "-l", "coder.deployment=coderd", "-o", "jsonpath={.items[*].metadata.uid}")
}

// key is a digest of the satellite's key, as a Secret holds it.
func key(t *testing.T, namespace string) string {
	t.Helper()
	return sum([]byte(kubectl(t, "--namespace", namespace, "get", "secret/coder-replica-private-key", "-o", "jsonpath={.data.privateKey}")))
}

func sum(data []byte) string { return fmt.Sprintf("%x", sha256.Sum256(data)) }
