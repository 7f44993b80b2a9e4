package legacy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

const application = "team"

// argoMark marks an object as Argo CD does.
func argoMark(kind string, meta map[string]any) {
	annotations, _ := meta["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[gitops.Tracking] = fmt.Sprintf("%s:group/%s:%v/%v", application, kind, meta["namespace"], meta["name"])
	meta["annotations"] = annotations
}

// argo is a region whose legacy chart Argo CD has applied.
func argo(t *testing.T) *region {
	t.Helper()
	r := newRegion(t, "")
	objects, err := manifestObjects(legacyManifest(false, false), home)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		meta := metaOf(object.content)
		meta["namespace"] = home
		argoMark(object.Kind, meta)
		switch object.Kind {
		case "Deployment":
			object.content["status"] = map[string]any{"availableReplicas": 1}
		case "Service":
			object.content["spec"].(map[string]any)["clusterIP"] = "10.0.0.7"
			meta["annotations"].(map[string]any)[gitops.SyncOptions] = "Validate=false, Prune=false"
		}
		r.server.put(liveKey(object.ObjectRef), object.content, nil)
	}
	return r
}

// rendered finds the release that Argo CD rendered.
func (r *region) rendered(ledger *journal.Ledger) (Release, Found) {
	r.t.Helper()
	found, err := r.site().Find(r.t.Context(), Hint{Namespace: home, Ledger: ledger})
	if err != nil {
		r.t.Fatal(err)
	}
	if len(found.Releases) != 1 || !found.Releases[0].Rendered() {
		r.t.Fatalf("found %s", found.Explain())
	}
	return found.Releases[0], found
}

// What Argo CD rendered is found by its marks, retained, restored and removed, without a record of Helm's.
func TestRendered(t *testing.T) {
	r := argo(t)
	for _, foreign := range []map[string]any{ // which are not the Application's
		{"name": "copied", "namespace": home, "annotations": map[string]any{gitops.Tracking: application + ":/ConfigMap:coder/original"}},
		{"name": "owned", "namespace": home, "annotations": map[string]any{gitops.Tracking: application + ":/ConfigMap:coder/owned"}, "ownerReferences": []any{map[string]any{"name": "x"}}},
		{"name": "other", "namespace": home, "annotations": map[string]any{gitops.Tracking: "other:/ConfigMap:coder/other"}},
		{"name": "elsewhere", "namespace": "elsewhere", "annotations": map[string]any{gitops.Tracking: application + ":/ConfigMap:elsewhere/elsewhere"}},
	} {
		r.server.put(fmt.Sprintf("/configmaps/%v/%v", foreign["namespace"], foreign["name"]), map[string]any{"metadata": foreign}, nil)
	}
	before := r.server.dump(t)

	release, _ := r.rendered(nil)
	want := []string{"ServiceAccount/coder", "ServiceAccount/coder-workspace-provider-environments", "Role/coder", "RoleBinding/coder", "Service/envproxy", "Deployment/envproxy"}
	if diff := cmp.Diff(want, texts(release.Objects)); diff != "" || release.Deployment != "envproxy" || release.Owner.Name != application {
		t.Fatalf("%+v\n%s", release, diff)
	}
	kept, ready := r.inspect(release)
	wantMissing := []string{"backup of revision 1 as it is now", "annotation helm.sh/resource-policy=keep or argocd.argoproj.io/sync-options=Prune=false,Delete=false on the live " + strings.Join(want, ", ")}
	if diff := cmp.Diff(wantMissing, kept.Missing); diff != "" || !ready.Ready || kept.Control.Acts() != "" {
		t.Errorf("%+v %+v\n%s", kept, ready, diff)
	}
	ledger, err := r.of(release).Retain(t.Context(), retainOptions())
	if err != nil {
		t.Fatal(err)
	}
	if release, _ = r.rendered(ledger); release.RecordMissing {
		t.Errorf("%+v", release)
	}
	if kept, _ := r.inspect(release); !kept.Complete {
		t.Errorf("missing %v", kept.Missing)
	}
	annotations := stringMap(r.server.objects["/services/coder/envproxy"], "annotations")
	if annotations[gitops.SyncOptions] != "Validate=false, Prune=false,Delete=false" || annotations[annotationPolicy] != policyKeep {
		t.Errorf("annotated %v", annotations)
	}

	since := r.server.count()
	later := retainOptions()
	later.Operator = "bob@example.com"
	again, err := r.of(release).Retain(t.Context(), later)
	if requests, _ := since(); err != nil || len(writes(requests)) > 0 || cmp.Diff(ledger, again) != "" {
		t.Errorf("again: %v, %v, %+v", err, writes(requests), again)
	}

	// Everything is pruned, and comes back.
	content := r.server.dump(t)
	for _, ref := range release.Objects[2:] {
		delete(r.server.objects, liveKey(ref))
	}
	lost, _ := r.rendered(ledger)
	if kept, ready := r.inspect(lost); !lost.RecordMissing || kept.Complete || ready.Ready || !strings.Contains(kept.Missing[0], "somebody uninstalled") {
		t.Errorf("%+v, %+v, %+v", lost, kept, ready)
	}
	if _, err := r.of(lost).Retain(t.Context(), retainOptions()); err == nil || !strings.Contains(err.Error(), "restore it from the backup first") {
		t.Errorf("an incomplete release is retained: %v", err)
	}
	bare := Release{Namespace: home, Name: application, Backup: ledger.Backup, Ledger: ledger} // as compensation has it
	if err := r.of(bare).RestoreRecord(t.Context()); err != nil {
		t.Fatal(err)
	}
	if created, err := r.of(bare).RecreateObjects(t.Context()); err != nil || len(created) != 4 {
		t.Fatalf("%v, %v", created, err)
	}
	delete(content["/services/coder/envproxy"].(map[string]any)["spec"].(map[string]any), "clusterIP")
	delete(content["apps/deployments/coder/envproxy"].(map[string]any), "status")
	restored := r.server.dump(t)
	for _, object := range restored { // as the API server would
		delete(object.(map[string]any), "apiVersion")
		delete(object.(map[string]any), "kind")
	}
	for _, object := range content {
		delete(object.(map[string]any), "apiVersion")
		delete(object.(map[string]any), "kind")
	}
	if diff := cmp.Diff(content, restored); diff != "" {
		t.Errorf("restored (-want +got):\n%s", diff)
	}
	if release, _ = r.rendered(ledger); release.RecordMissing {
		t.Errorf("%+v", release)
	}
	if kept, _ := r.inspect(release); !kept.Complete {
		t.Errorf("missing %v", kept.Missing)
	}

	preview, err := r.of(release).Preview(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.install(helmRelease(home, application, "other-chart", "", 1, helmrelease.StatusUninstalled)) // a namesake
	removal, err := r.of(release).Remove(t.Context(), removeOptions(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(preview, removal) + cmp.Diff([]string{"Service/envproxy", "Deployment/envproxy"}, texts(removal.Goes)); diff != "" || len(removal.Stays) != 4 {
		t.Errorf("%+v\n%s", removal, diff)
	}
	if _, namesake := r.server.objects["/secrets/coder/"+recordName(application, 1)]; !namesake {
		t.Error("a record of Helm's was deleted")
	}
	found, err := r.site().Find(t.Context(), Hint{Namespace: home, Ledger: ledger})
	if err != nil || len(found.Releases) > 0 {
		t.Errorf("found %s, %v", found.Explain(), err)
	}
	for key := range before {
		if strings.Contains(key, "/configmaps/") && !cmp.Equal(before[key], r.server.dump(t)[key]) {
			t.Errorf("%s was changed", key)
		}
	}
}

// What would undo the retention is told, and nothing else.
func TestRenderedUndone(t *testing.T) {
	const deployment = "apps/deployments/coder/envproxy"
	annotate := func(key string, value any) func(map[string]any) {
		return func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[key] = value }
	}
	for name, test := range map[string]struct {
		change  func(map[string]any)
		missing string
	}{
		"self-heal":       {annotate(gitops.SyncOptions, "Validate=false"), "sync-options=Prune=false,Delete=false on the live Deployment/envproxy"},
		"another order":   {annotate(gitops.SyncOptions, "Delete=false, Prune=false"), ""},
		"replaced":        {annotate(annotationPolicy, "delete"), "helm.sh/resource-policy=keep or"},
		"upgraded in Git": {func(o map[string]any) { o["spec"].(map[string]any)["paused"] = true }, "backup of revision 1 as it is now"},
		"scaled":          {func(o map[string]any) { o["spec"].(map[string]any)["replicas"] = 2 }, ""},
		"taken by Helm": {func(o map[string]any) {
			metaOf(o)["annotations"] = map[string]any{annotationRelease: "new", annotationNamespace: home}
		}, `Deployment/envproxy, which is not the Application's any more: it belongs to Helm's release "new" now`},
		"a controller's notes": {annotate("deployment.kubernetes.io/revision", "7"), ""},
		"a label":              {func(o map[string]any) { metaOf(o)["labels"].(map[string]any)["new"] = "x" }, ""},
		"status":               {func(o map[string]any) { o["status"] = map[string]any{"availableReplicas": 3} }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := argo(t)
			release, _ := r.rendered(nil)
			ledger, err := r.of(release).Retain(t.Context(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			r.server.edit(t, deployment, test.change)
			release, _ = r.rendered(ledger)
			kept, _ := r.inspect(release)
			if said := strings.Join(kept.Missing, ", "); kept.Complete != (test.missing == "") || !strings.Contains(said, test.missing) {
				t.Errorf("missing %q, not %q", said, test.missing)
			}
			if ledger, err = r.of(release).Retain(t.Context(), retainOptions()); err != nil {
				t.Fatal(err)
			}
			release, _ = r.rendered(ledger)
			if kept, _ := r.inspect(release); kept.Complete == (name == "taken by Helm") { // which annotations do not undo
				t.Errorf("retained again, but missing %v", kept.Missing)
			}
		})
	}
}

// An object that the Application gets later is retained, too, unless it came with a workload of somebody else.
func TestRenderedGrows(t *testing.T) {
	r := argo(t)
	release, _ := r.rendered(nil)
	ledger, err := r.of(release).Retain(t.Context(), retainOptions())
	if err != nil {
		t.Fatal(err)
	}
	put := func(key, kind, name string) {
		meta := map[string]any{"name": name, "namespace": home}
		argoMark(kind, meta)
		r.server.put(key+name, map[string]any{"metadata": meta}, nil)
	}
	put("/configmaps/coder/", "ConfigMap", "settings")
	release, _ = r.rendered(ledger)
	if kept, _ := r.inspect(release); kept.Complete || !strings.Contains(strings.Join(kept.Missing, ", "), "on the live ConfigMap/settings") {
		t.Errorf("missing %v", kept.Missing)
	}
	if ledger, err = r.of(release).Retain(t.Context(), retainOptions()); err != nil {
		t.Fatal(err)
	}
	put("/configmaps/coder/", "ConfigMap", "of-monitor")
	put("apps/statefulsets/coder/", "StatefulSet", "monitor")
	release, _ = r.rendered(ledger)
	if kept, _ := r.inspect(release); !kept.Complete || strings.Contains(fmt.Sprint(release.Objects), "monitor") {
		t.Errorf("missing %v of %v", kept.Missing, release.Objects)
	}
	// Without Argo CD's marks on the envproxy it is the same release, which nobody owns.
	r.server.edit(t, "apps/deployments/coder/envproxy", func(o map[string]any) { delete(metaOf(o)["annotations"].(map[string]any), gitops.Tracking) })
	if now, _ := r.rendered(ledger); now.Owner.Exists() || now.Deployment != "envproxy" || len(now.Objects) != len(release.Objects) {
		t.Errorf("%+v", now)
	}
	// What another Application has taken over is left to it.
	r.server.edit(t, "/services/coder/envproxy", func(o map[string]any) {
		metaOf(o)["annotations"].(map[string]any)[gitops.Tracking] = "new:/Service:coder/envproxy"
	})
	now, _ := r.rendered(ledger)
	preview, err := r.of(now).Preview(t.Context())
	if err != nil || len(texts(preview.Goes)) != 2 || !strings.Contains(fmt.Sprint(preview.Stays), "it belongs to Argo CD's Application new now") && !strings.Contains(fmt.Sprint(preview.Stays), `"Argo CD's Application new" now`) {
		t.Errorf("%+v, %v", preview, err)
	}
}

// What the chart itself keeps stays.
func TestRenderedKept(t *testing.T) {
	r := argo(t)
	r.server.edit(t, "/services/coder/envproxy", func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationPolicy] = policyKeep })
	release, _ := r.rendered(nil)
	ledger, err := r.of(release).Retain(t.Context(), retainOptions())
	if err != nil {
		t.Fatal(err)
	}
	r.server.edit(t, "apps/deployments/coder/envproxy", func(o map[string]any) { o["spec"].(map[string]any)["paused"] = true }) // a second backup
	release, _ = r.rendered(ledger)
	if ledger, err = r.of(release).Retain(t.Context(), retainOptions()); err != nil {
		t.Fatal(err)
	}
	release, _ = r.rendered(ledger)
	preview, err := r.of(release).Preview(t.Context())
	if diff := cmp.Diff([]string{"Deployment/envproxy"}, texts(preview.Goes)); diff != "" || err != nil || !strings.Contains(fmt.Sprint(preview.Stays), "the chart marks it to be kept") {
		t.Errorf("%v, %v", preview, err)
	}
}

// A removal that fails leaves the release as it was.
func TestRenderedRemovalFails(t *testing.T) {
	r := argo(t)
	release, _ := r.rendered(nil)
	ledger, err := r.of(release).Retain(t.Context(), retainOptions())
	if err != nil {
		t.Fatal(err)
	}
	r.server.failing(func(method, path string) int {
		return map[bool]int{true: 403}[method == "DELETE" && strings.HasSuffix(path, "/deployments/envproxy")]
	})
	release, _ = r.rendered(ledger)
	if _, err := r.of(release).Remove(t.Context(), removeOptions(), 0); err == nil || !strings.Contains(err.Error(), "objects created again: Service/envproxy") {
		t.Errorf("removed: %v", err)
	}
	r.server.failing(nil)
	if release, _ = r.rendered(ledger); release.RecordMissing {
		t.Errorf("%+v", release)
	}
	if kept, ready := r.inspect(release); !kept.Complete || !ready.Ready {
		t.Errorf("missing %v, %v", kept.Missing, ready.Problems)
	}
}

// What must not pass for a legacy release, or cannot be read.
func TestRenderedErrors(t *testing.T) {
	for name, test := range map[string]struct {
		set  func(r *region)
		hint Hint
		want string
	}{
		"not in the provider's namespace": {func(*region) {}, Hint{Namespace: "workspaces"}, "of Argo CD's Application team is not in the provider's namespace"},
		"the primary's": {func(r *region) {
			meta := map[string]any{"name": "coderd", "namespace": home}
			argoMark("Deployment", meta)
			r.server.put("apps/deployments/coder/coderd", map[string]any{"metadata": meta}, nil)
		}, Hint{Namespace: home}, "Application team has more than a legacy release (Deployment/coderd)"},
		"no name of a release": {func(r *region) {
			r.server.edit(r.t, "apps/deployments/coder/envproxy", func(o map[string]any) {
				metaOf(o)["annotations"].(map[string]any)[gitops.Tracking] = strings.Repeat("x", 60) + ":apps/Deployment:coder/envproxy"
			})
		}, Hint{Namespace: home}, "belongs to no Helm release"},
		"lists forbidden": {func(r *region) {
			r.server.failing(func(_, path string) int { return map[bool]int{true: 403}[path == "/api/v1/namespaces/coder/services"] })
		}, Hint{Namespace: home}, "the services in namespace coder cannot be listed"},
		"objects forbidden": {func(r *region) {
			r.server.failing(func(_, path string) int {
				return map[bool]int{true: 403}[path == "/api/v1/namespaces/coder/services/envproxy"]
			})
		}, Hint{Namespace: home}, "Service/envproxy in namespace coder cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			r := argo(t)
			test.set(r)
			found, err := r.site().Find(t.Context(), test.hint)
			if said := fmt.Sprint(found.Explain(), err); len(found.Releases) > 0 || !strings.Contains(said, test.want) {
				t.Error(said)
			}
		})
	}
}

// A release that Helm installed before Argo CD took it over has a record that Argo CD does not keep up to date.
func TestRenderedOverHelm(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	r.server.edit(t, "apps/deployments/coder/envproxy", func(o map[string]any) { argoMark("Deployment", metaOf(o)) })
	release := r.find()
	r.retain(release)
	kept, _ := r.inspect(release)
	if release.Rendered() || kept.Complete || kept.Control.Err == nil || !strings.Contains(kept.Control.Err.Error(), "does not keep this release's up to date") {
		t.Errorf("%+v", kept)
	}
}
