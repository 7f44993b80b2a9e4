package legacy

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
)

// A release is retained only after the HelmRelease that owns it has been suspended.
func TestOwnedByFlux(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	r.server.served = append(r.server.served, served{"helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases"})
	const flux = "helm.toolkit.fluxcd.io/helmreleases/flux-system/envproxy"
	r.server.objects[flux] = map[string]any{
		"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
		"metadata": map[string]any{"namespace": "flux-system", "name": "envproxy"}, "spec": map[string]any{},
	}
	r.server.edit(t, "apps/deployments/coder/envproxy", func(o map[string]any) {
		labels := o["metadata"].(map[string]any)["labels"].(map[string]any)
		labels["helm.toolkit.fluxcd.io/name"], labels["helm.toolkit.fluxcd.io/namespace"] = "envproxy", "flux-system"
	})
	release := r.find()
	want := gitops.Owner{Tool: gitops.Flux, Namespace: "flux-system", Name: "envproxy"}
	if release.Owner != want {
		t.Fatalf("owner %v", release.Owner)
	}
	r.retain(release)
	if kept, _ := r.inspect(release); kept.Complete || len(kept.Missing) != 1 || !strings.Contains(kept.Missing[0], "suspension of "+want.String()) {
		t.Errorf("not suspended: %+v", kept)
	}
	r.server.edit(t, flux, func(o map[string]any) { o["spec"] = map[string]any{"suspend": true} })
	if kept, _ := r.inspect(release); !kept.Complete || !kept.Control.Suspended {
		t.Errorf("suspended: %+v", kept)
	}
	delete(r.server.objects, flux)
	if kept, _ := r.inspect(release); kept.Complete || !strings.Contains(kept.Missing[0], want.String()+" is not in this cluster") {
		t.Errorf("gone: %+v", kept)
	}
}
