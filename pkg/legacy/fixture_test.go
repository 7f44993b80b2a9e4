package legacy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home      = "coder"           // namespace of the legacy release
	satellite = "coder-satellite" // namespace of the satellite
	name      = "coder-workspace-provider"
	token     = "envproxy-token-that-must-not-show"
)

func noon() time.Time { return time.Date(2024, 5, 2, 12, 0, 0, 0, time.UTC) }

// region is a cluster with a legacy release that looks as if Helm had installed it.
type region struct {
	t      testing.TB
	server *apiServer
	access *cluster.Access
}

func newRegion(t testing.TB, helmDriver string) *region {
	t.Helper()
	server := newAPIServer(t)
	kubeconfig := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: test,
clusters: [{name: test, cluster: {server: %q}}], users: [{name: test, user: {}}],
contexts: [{name: test, context: {cluster: test, user: test}}]}`, server.URL)
	path := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(path, []byte(kubeconfig), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := cluster.LoadKubeconfig(path)
	if err != nil {
		t.Fatal(err)
	}
	access, err := config.Open("test", cluster.Options{HelmDriver: helmDriver})
	if err != nil {
		t.Fatal(err)
	}
	return &region{t: t, server: server, access: access}
}

// helm returns Helm's storage for a namespace.
func (r *region) helm(namespace string) *storage.Storage {
	r.t.Helper()
	if r.access.Driver() == cluster.DriverConfigMaps {
		return storage.Init(driver.NewConfigMaps(r.access.Clientset().CoreV1().ConfigMaps(namespace)))
	}
	return storage.Init(driver.NewSecrets(r.access.Clientset().CoreV1().Secrets(namespace)))
}

func helmRelease(namespace, name, chartName, manifest string, version int, status release.Status) *release.Release {
	return &release.Release{
		Name: name, Namespace: namespace, Version: version, Manifest: manifest,
		Info: &release.Info{Status: status},
		Chart: &chart.Chart{Metadata: &chart.Metadata{APIVersion: "v2", Name: chartName, Version: "1.21.3", AppVersion: "1.21.3"},
			Templates: []*chart.File{{Name: "templates/a.yaml", Data: []byte("a: <b> & c")}}},
		Config: map[string]any{"envproxy": map[string]any{"token": token, "accessURL": "https://proxy.example.com"}},
	}
}

// supersede marks the deployed revision as superseded, as Helm does for a newer one.
func (r *region) supersede() *release.Release {
	r.t.Helper()
	helm := r.helm(home)
	old, err := helm.Deployed(name)
	if err != nil {
		r.t.Fatal(err)
	}
	old.Info.Status = release.StatusSuperseded
	if err := helm.Update(old); err != nil {
		r.t.Fatal(err)
	}
	return old
}

// install stores a release and creates its objects.
func (r *region) install(rel *release.Release) {
	r.t.Helper()
	if err := r.helm(rel.Namespace).Create(rel); err != nil {
		r.t.Fatal(err)
	}
	r.apply(rel)
}

// apply creates the objects of a manifest with Helm's labels and annotations.
func (r *region) apply(rel *release.Release) {
	r.t.Helper()
	objects, err := manifestObjects(rel.Manifest, rel.Namespace)
	if err != nil {
		r.t.Fatal(err)
	}
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	for _, object := range objects {
		meta := metaOf(object.content)
		annotations, _ := meta["annotations"].(map[string]any)
		if annotations == nil {
			annotations = map[string]any{}
		}
		annotations[annotationRelease], annotations[annotationNamespace] = rel.Name, rel.Namespace
		meta["annotations"], meta["namespace"] = annotations, rel.Namespace
		if object.Kind == "Deployment" {
			object.content["status"] = map[string]any{"availableReplicas": 1}
		}
		r.server.put(liveKey(object.ObjectRef), object.content, nil)
	}
}

// liveKey is the key under which the server stores an object.
func liveKey(ref ObjectRef) string {
	group := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind).Group
	if group == "extensions" {
		group = "networking.k8s.io"
	}
	plural := map[bool]string{true: "es", false: "s"}[strings.HasSuffix(ref.Kind, "ss")]
	return fmt.Sprintf("%s/%s%s/%s/%s", group, strings.ToLower(ref.Kind), plural, ref.Namespace, ref.Name)
}

// legacy installs the usual legacy release at revision 1.
func (r *region) legacy(manifest string) Release {
	r.t.Helper()
	r.install(helmRelease(home, name, chartName, manifest, 1, release.StatusDeployed))
	return r.find()
}

// site is the region's Site. Backups are stored in the satellite's namespace.
func (r *region) site() Site { return At(r.access, satellite) }

func (r *region) of(release Release) Handle { return r.site().Of(release) }

func (r *region) find() Release {
	r.t.Helper()
	found, err := r.site().Find(context.Background(), Hint{})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(found.Releases) != 1 {
		r.t.Fatalf("found %s", found.Explain())
	}
	return found.Releases[0]
}

func retainOptions() Options {
	return Options{Operator: "ann@example.com", Reason: "moving to a satellite", Now: noon()}
}

func (r *region) retain(release Release) {
	r.t.Helper()
	if _, err := r.of(release).Retain(context.Background(), retainOptions()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *region) inspect(release Release) (Retention, Readiness) {
	r.t.Helper()
	retention, readiness, err := r.of(release).Inspect(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	once, ready, err := r.site().Once().Of(release).Inspect(context.Background())
	if diff := cmp.Diff([]any{retention, readiness}, []any{once, ready}, cmp.Transformer("text", func(err error) string { return fmt.Sprint(err) })); diff != "" || err != nil {
		r.t.Fatalf("%v; with Once the result differs:\n%s", err, diff)
	}
	return retention, readiness
}

// helmUninstall does what `helm uninstall` does, with Helm's own code.
func (r *region) helmUninstall(keepHistory bool) error {
	r.t.Helper()
	uninstall := action.NewUninstall(r.access.Helm(home))
	uninstall.KeepHistory = keepHistory
	_, err := uninstall.Run(name)
	return err
}

func (r *region) exists(ref ObjectRef) bool {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	_, ok := r.server.objects[liveKey(ref)]
	return ok
}

// legacyManifest is the manifest of the legacy chart. Charts from 1.21.4 on put the policy on
// three objects; ingress adds the release's own ingress.
func legacyManifest(policy, ingress bool) string {
	note := ""
	if policy {
		note = "\n  annotations:\n    helm.sh/resource-policy: keep # as Coder says"
	}
	text := fmt.Sprintf(`---
# Source: workspace-provider/templates/service-account.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: coder # Coder uses it%[1]s
---
# Source: workspace-provider/templates/environments.yaml
apiVersion: v1
kind: ServiceAccount
metadata:
  name: coder-workspace-provider-environments
---
# Source: workspace-provider/templates/rbac.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: coder%[1]s
rules:
- apiGroups: ["", "apps"] # all of it
  resources: ["*"]
  verbs: ["*"]
---
# Source: workspace-provider/templates/rbac.yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: coder%[1]s
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: coder}
---
# Source: workspace-provider/templates/envproxy.yaml
apiVersion: v1
kind: Service
metadata:
  name: envproxy
  namespace: coder
spec:
  ports:
  - port: 80
---
# Source: workspace-provider/templates/envproxy.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: envproxy
  labels:
    coder.deployment: envproxy
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: envproxy
        env:
        - name: TOKEN
          value: %[2]s
        mode: 0644
`, note, token)
	if ingress {
		text += `---
# Source: workspace-provider/templates/ingress.yaml
apiVersion: extensions/v1beta1
kind: Ingress
metadata:
  name: envproxy
spec:
  backend: {serviceName: envproxy, servicePort: 80}
---
# Source: workspace-provider/templates/ingress.yaml
apiVersion: rbac.authorization.k8s.io/v1beta1
kind: Role
metadata:
  name: nginx
`
	}
	return text
}

// annotateManifest parses a manifest and annotates it.
func annotateManifest(manifest string) (string, error) {
	documents, err := parseManifest(manifest)
	if err != nil {
		return "", err
	}
	return annotated(documents)
}

// manifestObjects parses a manifest and returns its objects.
func manifestObjects(manifest, namespace string) ([]declared, error) {
	return held{documents: func() ([]document, error) { return parseManifest(manifest) }}.objects(namespace)
}
