package gitops_test

import (
	"context"
	"errors"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

func TestLookAtApplication(t *testing.T) {
	kinds := map[schema.GroupVersionResource]string{{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}: "ApplicationList"}
	for name, test := range map[string]struct {
		status map[string]any
		ready  bool
		says   string
	}{
		"new":    {nil, false, ""},
		"synced": {map[string]any{"sync": map[string]any{"status": "Synced"}, "health": map[string]any{"status": "Healthy"}}, true, "Synced, Healthy"},
		"broken": {map[string]any{
			"sync": map[string]any{"status": "OutOfSync"}, "health": map[string]any{"status": "Degraded", "message": "no pods"},
			"operationState": map[string]any{"phase": "Failed", "message": "hook failed"}, "conditions": []any{map[string]any{"type": "SyncError", "message": "no chart"}},
		}, false, "OutOfSync, Degraded, no pods, hook failed, no chart"},
	} {
		for _, owner := range []gitops.Owner{{Tool: gitops.ArgoCD, Name: "sydney"}, {Tool: gitops.ArgoCD, Namespace: "team", Name: "sydney"}} {
			object := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": map[string]any{"name": "sydney", "namespace": "argocd"},
			}}
			if owner.Namespace != "" {
				object.SetNamespace(owner.Namespace)
			}
			if test.status != nil {
				object.Object["status"] = test.status
			}
			there := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, object)
			got := look(t.Context(), there, owner)
			if got.Err != nil || got.Ready != test.ready || got.Message != test.says || got.Owner != owner {
				t.Errorf("%s, %s: %+v", name, owner, got)
			}
		}
	}
	nothing := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds)
	if got := look(t.Context(), nothing, gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"}); got.Err == nil || got.Ready {
		t.Errorf("nothing there: %+v", got)
	}
}

// Without both settings, a sync replaces the satellite's key.
func TestApplicationReplacesKey(t *testing.T) {
	resource := schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "applications"}
	respects := []any{"CreateNamespace=true", "RespectIgnoreDifferences=true"}
	ignores := func(field string, paths ...any) []any {
		return []any{map[string]any{"group": "apps", "kind": "Deployment"}, map[string]any{"kind": "Secret", "name": "coder-replica-private-key", field: paths}}
	}
	for name, test := range map[string]struct {
		options, ignored []any
		replaces         bool
	}{
		"neither":       {nil, nil, true},
		"not respected": {nil, ignores("jsonPointers", "/data/privateKey"), true},
		"not ignored":   {respects, nil, true},
		"another field": {respects, ignores("jsonPointers", "/metadata/labels"), true},
		"another name":  {respects, []any{map[string]any{"kind": "Secret", "name": "tls", "jsonPointers": []any{"/data"}}}, true},
		"as exported":   {respects, ignores("jsonPointers", "/data/privateKey"), false},
		"all data":      {respects, []any{map[string]any{"group": "*", "kind": "*", "jsonPointers": []any{"/data"}}}, false},
		"an expression": {respects, ignores("jqPathExpressions", ".data.privateKey"), false},
	} {
		object := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": map[string]any{"namespace": "argocd", "name": "sydney"},
			"spec": map[string]any{"ignoreDifferences": test.ignored, "syncPolicy": map[string]any{"syncOptions": test.options}},
		}}
		there := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{resource: "ApplicationList"}, object)
		got := look(t.Context(), there, gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"})
		if got.Err != nil || got.ReplacesKey != test.replaces {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Nobody has to suspend a satellite's HelmRelease.
func TestLookAtSatelliteOfFlux(t *testing.T) {
	there := client(nil, map[string]any{"conditions": []any{map[string]any{"type": "Ready", "status": "False", "message": "no chart"}}})
	if got := look(t.Context(), there, flux()); got.Err != nil || got.Message != "no chart" {
		t.Errorf("%+v", got)
	}
	absent := flux()
	absent.Name = "other"
	got := look(t.Context(), there, absent)
	if _, ok := errors.AsType[*gitops.AbsentError](got.Err); !ok || got.Err.Error() != "Flux's HelmRelease flux-system/other is not in this cluster" {
		t.Errorf("%+v", got)
	}
}

// What is in Git is applied by the Kustomization that the HelmRelease names.
func TestApplyCommand(t *testing.T) {
	resource := schema.GroupVersionResource{Group: "helm.toolkit.fluxcd.io", Version: "v2", Resource: "helmreleases"}
	object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": map[string]any{
		"namespace": "flux-system", "name": "envproxy", "labels": map[string]any{"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
	}}}
	there := fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), map[schema.GroupVersionResource]string{resource: "HelmReleaseList"}, object)
	argo := gitops.Control{Owner: gitops.Owner{Tool: gitops.ArgoCD, Name: "sydney"}}
	for want, control := range map[string]gitops.Control{
		"flux --context c --namespace flux reconcile kustomization apps --with-source": look(t.Context(), there, flux()),
		"": look(t.Context(), client(nil, nil), flux()), "argocd app sync sydney": argo,
	} {
		if got := control.ApplyCommand("c"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestCommands(t *testing.T) {
	argo := gitops.Owner{Tool: gitops.ArgoCD, Namespace: "team", Name: "sydney"}
	for want, got := range map[string]string{
		"flux --context c --namespace flux-system reconcile helmrelease envproxy": flux().Command("reconcile", "c"),
		"flux --context c --namespace flux-system delete helmrelease envproxy":    flux().Command("delete", "c"),
		"argocd app sync team/sydney":                                             argo.Command("reconcile", "c"),
		"argocd app delete team/sydney":                                           argo.Command("delete", "c"),
		"flux":                                                                    gitops.Flux.Word(), "argocd": gitops.ArgoCD.Word(),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// look looks at a satellite with the names of its chart.
func look(ctx context.Context, client dynamic.Interface, owner gitops.Owner) gitops.Control {
	return gitops.LookAtSatellite(ctx, client, owner, "coder-replica-private-key", "privateKey")
}
