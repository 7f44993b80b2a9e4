package gitops_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

func flux() gitops.Owner {
	return gitops.OwnerOf(map[string]string{"helm.toolkit.fluxcd.io/name": "envproxy", "helm.toolkit.fluxcd.io/namespace": "flux-system"}, nil)
}

func TestOwnerOf(t *testing.T) {
	argo := func(id string) gitops.Owner {
		return gitops.OwnerOf(nil, map[string]string{"argocd.argoproj.io/tracking-id": id})
	}
	for _, test := range []struct {
		name  string
		owner gitops.Owner
		want  string
	}{
		{"Flux", flux(), "Flux's HelmRelease flux-system/envproxy"},
		{"Argo CD", argo("coder:apps/Deployment:coder/envproxy"), "Argo CD's Application coder"},
		{"Argo CD, Application elsewhere", argo("team_coder:apps/Deployment:coder/envproxy"), "Argo CD's Application team/coder"},
	} {
		if !test.owner.Exists() || test.owner.String() != test.want {
			t.Errorf("%s: %q, not %q", test.name, test.owner, test.want)
		}
	}
	helm := gitops.OwnerOf(map[string]string{"app.kubernetes.io/instance": "envproxy"}, map[string]string{"meta.helm.sh/release-name": "envproxy"})
	if helm.Exists() || len(helm.Rights("get")) > 0 {
		t.Errorf("Helm alone: %v", helm)
	}
	if rights := flux().Rights("get", "patch"); len(rights) != 2 || rights[1].String() != "patch helmreleases.helm.toolkit.fluxcd.io in namespace flux-system" {
		t.Errorf("rights %v", rights)
	}
	if got := argo("team_coder:apps/Deployment:coder/envproxy").DeleteCommand(); got != "argocd app delete team/coder --cascade=false" {
		t.Error(got)
	}
	if got := flux().Command("resume", "sydney"); got != "flux --context sydney --namespace flux-system resume helmrelease envproxy" {
		t.Error(got)
	}
}

// client answers with a HelmRelease that has this spec and status.
func client(spec, status map[string]any) *fake.FakeDynamicClient { return serving("v2", spec, status) }

func serving(version string, spec, status map[string]any) *fake.FakeDynamicClient {
	resource := schema.GroupVersionResource{Group: "helm.toolkit.fluxcd.io", Version: version, Resource: "helmreleases"}
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "helm.toolkit.fluxcd.io/" + version, "kind": "HelmRelease",
		"metadata": map[string]any{"namespace": "flux-system", "name": "envproxy"}, "spec": spec, "status": status,
	}}
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{resource: "HelmReleaseList"}, object)
}

func condition(kind, status, message string) map[string]any {
	return map[string]any{"conditions": []any{map[string]any{"type": kind, "status": status, "message": message}}}
}

func TestLook(t *testing.T) {
	suspended := map[string]any{"suspend": true}
	for _, test := range []struct {
		name         string
		spec, status map[string]any
		acts         string // part of what Acts returns; "" for none
		ready        bool
	}{
		{"suspended", suspended, condition("Ready", "True", "upgraded"), "", true},
		{"suspended, not ready", suspended, condition("Ready", "False", "no chart"), "", false},
		{"suspended in the middle", suspended, condition("Reconciling", "True", "upgrading"), "end of the reconciliation by Flux's HelmRelease", false},
		{"suspended, waits for its source", suspended, map[string]any{"conditions": []any{
			map[string]any{"type": "Reconciling", "status": "True"}, map[string]any{"type": "Ready", "status": "False"}}}, "", false},
		{"not suspended", nil, condition("Ready", "True", "upgraded"), "suspension of Flux's HelmRelease flux-system/envproxy, which", true},
		{"never reconciled", map[string]any{"suspend": false}, nil, "suspension of", false},
		{"not a HelmRelease", map[string]any{"suspend": "perhaps"}, nil, "is unknown: Flux's HelmRelease flux-system/envproxy cannot be understood", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			control := gitops.Look(t.Context(), client(test.spec, test.status), flux())
			if acts := control.Acts(); (acts == "") != (test.acts == "") || !strings.Contains(acts, test.acts) || control.Ready != test.ready {
				t.Errorf("%+v: acts %q", control, acts)
			}
		})
	}
}

func TestLookErrors(t *testing.T) {
	resource := schema.GroupResource{Group: "helm.toolkit.fluxcd.io", Resource: "helmreleases"}
	for _, test := range []struct {
		cause error
		want  string
	}{
		{apierrors.NewNotFound(resource, "envproxy"), "if it is in another cluster, suspend it there"},
		{apierrors.NewForbidden(resource, "envproxy", errors.New("no")), "cannot be read: helmreleases.helm.toolkit.fluxcd.io \"envproxy\" is forbidden"},
		{&apierrors.StatusError{ErrStatus: metav1.Status{Code: http.StatusInternalServerError, Message: "broken"}}, "cannot be read: broken"},
	} {
		broken := client(nil, nil)
		broken.PrependReactor("*", "helmreleases", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, test.cause })
		control := gitops.Look(t.Context(), broken, flux())
		if control.Err == nil || !strings.Contains(control.Err.Error(), test.want) || !strings.Contains(control.Acts(), "is unknown") {
			t.Errorf("%v: %q", control.Err, control.Acts())
		}
		if err := control.SetSuspended(t.Context(), broken, true); !errors.Is(err, test.cause) || !strings.Contains(err.Error(), "cannot be changed to suspend: true") {
			t.Error(err)
		}
	}
	if nobody := gitops.Look(t.Context(), nil, gitops.Owner{}); nobody.Acts() != "" || nobody.Err != nil {
		t.Errorf("%+v", nobody)
	}
	if argo := gitops.Look(t.Context(), nil, gitops.Owner{Tool: gitops.ArgoCD, Name: "coder"}); argo.Acts() == "" {
		t.Errorf("%+v", argo)
	}
}

func TestTracks(t *testing.T) {
	for name, test := range map[string]struct {
		id   string
		want bool
	}{
		"annotation":                         {"coder:apps/Deployment:home/envproxy", true},
		"core group":                         {"coder:/Deployment:home/envproxy", true},
		"Application elsewhere":              {"team_coder:apps/Deployment:home/envproxy", false},
		"another Application":                {"other:apps/Deployment:home/envproxy", false},
		"copied from another object":         {"coder:apps/Deployment:home/original", false},
		"copied from a name that ends alike": {"coder:apps/XDeployment:home/envproxy", false},
		"nothing":                            {"", false},
	} {
		annotations := map[string]string{}
		if test.id != "" {
			annotations[gitops.Tracking] = test.id
		}
		owner := gitops.Owner{Tool: gitops.ArgoCD, Name: "coder"}
		if got := owner.Tracks("Deployment:home/envproxy", annotations); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
		if (gitops.Owner{}).Tracks("Deployment:home/envproxy", annotations) {
			t.Errorf("%s: tracked by nobody", name)
		}
	}
}

func TestRetaining(t *testing.T) {
	for options, want := range map[string]string{
		"":                             "Prune=false,Delete=false",
		"Validate=false":               "Validate=false,Prune=false,Delete=false",
		"Delete=false , Prune=false":   "Delete=false , Prune=false",
		"Prune=false,Replace=true":     "Prune=false,Replace=true,Delete=false",
		"Prune=confirm,PruneLast=true": "Prune=confirm,PruneLast=true,Prune=false,Delete=false",
	} {
		if got := gitops.Retaining(options); got != want || gitops.Retaining(got) != got {
			t.Errorf("%q: %q", options, got)
		}
	}
}

func TestSuspend(t *testing.T) {
	flux, there := flux(), client(map[string]any{"interval": "1m"}, nil)
	there.PrependReactor("patch", "helmreleases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if manager := action.(clienttesting.PatchActionImpl).PatchOptions.FieldManager; manager != "flux-client-side-apply" {
			t.Errorf("patched as %q, whose fields Flux's Kustomization would take away", manager)
		}
		return false, nil, nil
	})
	if err := gitops.Look(t.Context(), there, flux).SetSuspended(t.Context(), there, true); err != nil {
		t.Fatal(err)
	}
	control := gitops.Look(t.Context(), there, flux)
	if !control.Suspended || control.Acts() != "" {
		t.Errorf("%+v", control)
	}
	if err := control.SetSuspended(t.Context(), there, false); err != nil || gitops.Look(t.Context(), there, flux).Suspended {
		t.Errorf("it is not resumed: %v", err)
	}
}

// Flux before 2.3 serves an older version of the API.
func TestOldFlux(t *testing.T) {
	old := serving("v2beta1", nil, nil)
	control := gitops.Look(t.Context(), old, flux())
	if control.Err != nil || control.Suspended {
		t.Fatalf("%+v", control)
	}
	if err := control.SetSuspended(t.Context(), old, true); err != nil || !gitops.Look(t.Context(), old, flux()).Suspended {
		t.Error(err)
	}
}
