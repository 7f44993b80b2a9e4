package satellite

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/release"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

const renderedTemplate = `apiVersion: apps/v1
kind: Deployment
metadata: {name: coderd}
spec:
  template:
    spec:
      containers:
      - name: coderd
        image: registry.example.com:5000/coder-service:{{ .Chart.AppVersion }}
        env:
        - {name: CODER_PRIMARY_ACCESS_URL, value: {{ .Values.coderd.satellite.primaryURL | quote }}}
        - {name: CODER_SATELLITE_ACCESS_URL, value: {{ .Values.coderd.satellite.accessURL | quote }}}
        - {name: DEVURL_HOST, value: ""}
      volumes:
      - {name: tls, secret: {secretName: tls}}
`

func renderedSpec() Spec {
	return Spec{Values: map[string]any{"coderd": map[string]any{"satellite": map[string]any{"primaryURL": primaryURL, "accessURL": accessURL}}}}
}

func renderedChart() *Chart {
	c := newChart("1.21.7")
	c.Templates = append(c.Templates, &chart.File{Name: "templates/coderd.yaml", Data: []byte(renderedTemplate)})
	return &Chart{Chart: c}
}

// renderedByArgo is what Argo CD and the cluster make of the chart.
func renderedByArgo() *appsv1.Deployment {
	d := rolledOut()
	d.APIVersion, d.Kind, d.Namespace = "apps/v1", "Deployment", "edge"
	d.Annotations = map[string]string{gitops.Tracking: "satellites:apps/Deployment:edge/coderd"}
	d.Spec.Template.Spec = corev1.PodSpec{
		Containers: []corev1.Container{
			{Name: "injected", Image: "mesh:1", Env: []corev1.EnvVar{{Name: "MESH", Value: "on"}}},
			{Name: "coderd", Image: "registry.example.com:5000/coder-service:1.21.7", TerminationMessagePath: "/dev/termination-log", Env: []corev1.EnvVar{
				{Name: "CODER_PRIMARY_ACCESS_URL", Value: primaryURL}, {Name: "CODER_SATELLITE_ACCESS_URL", Value: accessURL},
				{Name: "DEVURL_HOST", Value: "of the owner's"}, {Name: "CODER_ALTERNATE_HOSTNAMES", Value: "a.example.com,b.example.com"},
			}},
		},
		Volumes: []corev1.Volume{{Name: "tls", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "tls", DefaultMode: new(int32(420))}}}},
	}
	return d
}

// A satellite that Argo CD rendered is judged by its Deployment, whatever record of Helm's is left. A primary's is another deployment.
func TestInspectRendered(t *testing.T) {
	server := newReleaseServer(t, "helm", time.Unix(1_600_000_000, 0), release.StatusFailed)
	deployment := renderedByArgo()
	server.others = map[string]any{"/apis/apps/v1/namespaces/edge/deployments/coderd": deployment}
	inspect := func(declared gitops.Owner) State {
		t.Helper()
		state, err := At(server.access(t), "edge", "coder-satellite").Inspect(t.Context(), declared)
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	flux := gitops.Owner{Tool: gitops.Flux, Namespace: "edge", Name: "coder-satellite"}
	state := inspect(flux)
	if owner := state.Control.Owner; owner != (gitops.Owner{Tool: gitops.ArgoCD, Name: "satellites"}) || state.Control.Declared {
		t.Errorf("owner %v, declared %t", owner, state.Control.Declared)
	}
	if !state.Ready || !state.Installed || !state.Exists() || state.LastRevision != 0 || state.AppVersion != "1.21.7" || state.ChartVersion != "1.21.7" {
		t.Errorf("%+v", state)
	}
	want := map[string]any{"coderd": map[string]any{
		"satellite":          map[string]any{"enable": true, "primaryURL": primaryURL, "accessURL": accessURL},
		"alternateHostnames": []any{"a.example.com", "b.example.com"},
	}}
	if diff := cmp.Diff(want, state.Values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}

	deployment.Spec.Template.Spec.Containers[1].Image, deployment.Labels = "mirror/coder@sha256:0", map[string]string{"helm.sh/chart": "coder-1.21.6"}
	if state = inspect(gitops.Owner{}); state.AppVersion != "" || state.ChartVersion != "1.21.6" {
		t.Errorf("an image without a version: %q, %q", state.AppVersion, state.ChartVersion)
	}
	deployment.Spec.Template.Spec.Containers[1].Env = nil
	if state = inspect(gitops.Owner{}); !strings.Contains(state.Conflict, "of Argo CD's Application satellites, which is no satellite") || state.Rendered != nil || state.Control.Owner.Exists() {
		t.Errorf("a primary: %q", state.Conflict)
	}

	server.others = map[string]any{}
	if state = inspect(flux); state.Control.Owner != flux || !state.Control.Declared || state.Control.Err == nil {
		t.Errorf("to come: %+v", state.Control)
	}
}

func TestRenderedDifferences(t *testing.T) {
	for name, test := range map[string]struct {
		but  func(*appsv1.Deployment)
		want []string
	}{
		"the same":     {func(*appsv1.Deployment) {}, nil},
		"its replicas": {func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(7)) }, nil},
		"image":        {func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[1].Image = "coder-service:1.21.6" }, []string{"Deployment coderd lacks image registry.example.com:5000/coder-service:1.21.7"}},
		"URLs": {func(d *appsv1.Deployment) {
			d.Spec.Template.Spec.Containers[1].Env[0].Value = "https://other.example.com"
		}, []string{"Deployment coderd lacks environment variable CODER_PRIMARY_ACCESS_URL.value"}},
		"a volume":   {func(d *appsv1.Deployment) { d.Spec.Template.Spec.Volumes = nil }, []string{"Deployment coderd lacks volume tls.name, volume tls.secret.secretName"}},
		"a variable": {func(d *appsv1.Deployment) { c := &d.Spec.Template.Spec.Containers[1]; c.Env = c.Env[1:] }, []string{"Deployment coderd lacks environment variable CODER_PRIMARY_ACCESS_URL.name, environment variable CODER_PRIMARY_ACCESS_URL.value"}},
	} {
		t.Run(name, func(t *testing.T) {
			var state State
			state.describeRendered(renderedByArgo())
			test.but(state.Rendered)
			same, got := state.Matches(renderedSpec(), renderedChart())
			if diff := cmp.Diff(test.want, got); diff != "" || same != (len(test.want) == 0) {
				t.Errorf("%t (-want +got):\n%s", same, diff)
			}
		})
	}
	var state State
	state.describeRendered(renderedByArgo())
	for want, c := range map[string]*Chart{"makes no Deployment coderd": {Chart: newChart("1.21.7")}, "cannot be rendered": broken()} {
		if _, got := state.Matches(renderedSpec(), c); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func broken() *Chart {
	c := renderedChart()
	c.Templates[1].Data = []byte(`{{ fail "no" }}`)
	return c
}

// If the Deployment of a release that Flux owns is gone, Helm's record tells the owner.
func TestOwnerOfRecord(t *testing.T) {
	const manifest = "---\nkind: Service\nmetadata: {name: a}\n---\nkind: Secret\nmetadata:\n  name: b\n  labels: {helm.toolkit.fluxcd.io/name: edge, helm.toolkit.fluxcd.io/namespace: flux-system}\n"
	records := releaseRecords{deployed: &release.Release{Manifest: manifest}}
	flux := gitops.Owner{Tool: gitops.Flux, Namespace: "flux-system", Name: "edge"}
	if got := ownerOf(nil, keyPair{}, records); got != flux {
		t.Errorf("%v", got)
	}
	if got := ownerOf(nil, keyPair{}, releaseRecords{failed: &release.Release{Manifest: manifest}}); got != flux {
		t.Errorf("of a first installation that failed: %v", got)
	}
	argo := gitops.Owner{Tool: gitops.ArgoCD, Name: "edge"}
	if got := ownerOf(nil, keyPair{owner: argo}, releaseRecords{}); got != argo {
		t.Errorf("of the key: %v", got)
	}
	if ownerOf(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "coderd"}}, keyPair{owner: argo}, records).Exists() || ownerOf(nil, keyPair{}, releaseRecords{}).Exists() {
		t.Error("an owner was found without marks")
	}
}

// The owner of a release may give more values than the Fleet.
func TestMatchesOwned(t *testing.T) {
	table := func(replicas any, more string) map[string]any {
		return map[string]any{"coderd": map[string]any{"replicas": replicas, more: true}}
	}
	state := State{Installed: true, ChartName: "coder", ChartVersion: "1.21.7", Values: table(2, "more")}
	state.Control.Owner.Tool = gitops.Flux
	for want, values := range map[string]map[string]any{
		"": {"coderd": map[string]any{"replicas": 2}}, "the values differ: coderd.other": table(2, "other"), "the values differ: coderd.replicas": table(3, "more"),
	} {
		_, got := state.Matches(Spec{Values: values}, &Chart{Chart: newChart("1.21.7")})
		if strings.Join(got, "; ") != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestRightsOfOwned(t *testing.T) {
	scope := Scope{Namespace: "edge", Records: "secrets", Owned: true}
	if install := RightsToInstall(scope); len(install) != 2 || install[0].String() != "create secrets in namespace edge" {
		t.Errorf("%v", install)
	}
	if uninstall := RightsToUninstall(scope); uninstall != nil {
		t.Errorf("%v", uninstall)
	}
}
