package legacy

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

func removeOptions() Options {
	return Options{Operator: "ann@example.com", Reason: "done", Now: noon()}
}

func texts(refs []ObjectRef) []string {
	var list []string
	for _, ref := range refs {
		list = append(list, ref.String())
	}
	return list
}

// Remove keeps what must stay, and deletes the rest, including objects of removed APIs. The
// backup stays, and can restore everything.
func TestRemove(t *testing.T) {
	for _, driver := range allDrivers {
		for title, prepare := range map[string]func(r *region){
			"retained":     func(r *region) { r.retain(r.find()) },
			"not retained": func(*region) {},
			"failed upgrade": func(r *region) {
				r.retain(r.find())
				if err := r.helm(home).Create(helmRelease(home, name, chartName, legacyManifest(false, true), 2, helmrelease.StatusFailed)); err != nil {
					t.Fatal(err)
				}
			},
			"rolled back": func(r *region) { // Helm stores the annotated manifest in a new revision
				r.retain(r.find())
				old := r.supersede()
				r.install(helmRelease(home, name, chartName, old.Manifest, 2, helmrelease.StatusDeployed))
				r.retain(r.find())
			},
			"uninstalled": func(r *region) {
				r.retain(r.find())
				if err := r.helmUninstall(false); err != nil {
					t.Fatal(err)
				}
			},
		} {
			t.Run(driver+" "+title, func(t *testing.T) {
				r := newRegion(t, driver)
				r.legacy(legacyManifest(false, true))
				prepare(r)
				release := r.find()
				preview, err := r.of(release).Preview(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				want := []string{"Service/envproxy", "Deployment/envproxy", "Ingress/envproxy", "Role/nginx"}
				if diff := cmp.Diff(want, texts(preview.Goes)); diff != "" {
					t.Error(diff)
				}
				removal, err := r.of(release).Remove(context.Background(), removeOptions(), 0)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(preview, removal); diff != "" {
					t.Error(diff)
				}
				for _, ref := range removal.Goes {
					if r.exists(ref) {
						t.Errorf("%s is still there", ref)
					}
				}
				for _, kept := range removal.Stays {
					if !r.exists(kept.Object) {
						t.Errorf("%s is gone", kept.Object)
					}
				}
				if rels, err := r.helm(home).History(name); err == nil {
					t.Errorf("Helm has %d revisions", len(rels))
				}
				found, err := At(r.access, "").Find(context.Background(), Hint{})
				if err != nil || len(found.Releases) != 0 {
					t.Errorf("found %s, %v", found.Explain(), err)
				}
				if _, err := r.of(release).RecreateObjects(context.Background()); err == nil || !strings.Contains(err.Error(), "Ingress/envproxy") {
					t.Errorf("created again: %v", err)
				}
				if err := r.of(release).RestoreRecord(context.Background()); err != nil {
					t.Fatal(err)
				}
				if back := r.find(); back.RecordMissing || back.Revision != release.Revision {
					t.Errorf("found %+v", back)
				}
			})
		}
	}
}

// TestBackupThatCannotBeRead: the unreadable backup may be sound. So no other backup is made,
// since by now it would contain the annotated record, and nothing is removed.
func TestBackupThatCannotBeRead(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, false))
	r.retain(release)
	before := r.server.dump(t)
	r.server.failing(func(method, path string) int {
		return map[bool]int{true: 500}[method == "GET" && strings.Contains(path, "/secrets/coder-satellite-legacy-")]
	})
	if _, err := r.of(release).Remove(context.Background(), removeOptions(), 0); err == nil || !strings.Contains(err.Error(), "the backup coder-satellite/coder-satellite-legacy-") {
		t.Errorf("error %v", err)
	}
	r.server.failing(nil)
	if diff := cmp.Diff(before, r.server.dump(t)); diff != "" {
		t.Errorf("objects (-before +after):\n%s", diff)
	}
}

func TestPreviewReasons(t *testing.T) {
	r := newRegion(t, "")
	manifest := strings.ReplaceAll(legacyManifest(true, false), "  name: envproxy\n  namespace: coder", "  name: envproxy\n  annotations: {helm.sh/resource-policy: keep}\n  namespace: coder")
	manifest += "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: theirs}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone}\n"
	r.retain(r.legacy(manifest))
	r.server.edit(t, "/configmaps/coder/theirs", func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationRelease] = "other" })
	delete(r.server.objects, "/configmaps/coder/gone")
	got, err := r.of(r.find()).Preview(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"ServiceAccount/coder": "Coder provisions workspaces with it", "Role/coder": "Coder provisions workspaces with it",
		"RoleBinding/coder": "Coder provisions workspaces with it", "ServiceAccount/coder-workspace-provider-environments": "workspaces run under it",
		"Service/envproxy": "the chart marks it to be kept", "ConfigMap/theirs": `it belongs to release "other" of namespace "coder" now`,
	}
	stays := map[string]string{}
	for _, kept := range got.Stays {
		stays[kept.Object.String()] = kept.Reason
	}
	if diff := cmp.Diff(want, stays); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Deployment/envproxy"}, texts(got.Goes)); diff != "" {
		t.Error(diff)
	}
}

// If Helm cannot delete an object, nothing is lost.
func TestRemoveFails(t *testing.T) {
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	before := r.server.dump(t)
	r.server.failing(func(m, p string) int {
		return map[bool]int{true: 500}[m == "DELETE" && strings.HasSuffix(p, "/services/envproxy")]
	})
	_, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0)
	if err == nil || !strings.Contains(err.Error(), "its record is unchanged; objects created again: Deployment/envproxy") {
		t.Errorf("got %v", err)
	}
	after := r.server.dump(t)
	// A recreated Deployment has no status yet, and lacks a label that Helm set.
	for _, objects := range []map[string]any{before, after} {
		deployment := objects["apps/deployments/coder/envproxy"].(map[string]any)
		for _, key := range []string{"status", "apiVersion", "kind"} {
			delete(deployment, key)
		}
		delete(metaOf(deployment)["labels"].(map[string]any), labelManagedBy)
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	r.server.failing(nil)
	if _, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0); err != nil {
		t.Errorf("again: %v", err)
	}
}

// Removal continues after an interruption while records are being deleted.
func TestRemoveInterrupted(t *testing.T) {
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	r.server.failing(func(m, p string) int {
		return map[bool]int{true: 500}[m == "DELETE" && strings.Contains(p, "sh.helm.release")]
	})
	if _, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0); err == nil || !strings.Contains(err.Error(), "cannot be deleted") {
		t.Fatalf("got %v", err)
	}
	r.server.failing(nil)
	removal, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0)
	if err != nil || len(removal.Goes) != 0 {
		t.Errorf("%+v, %v", removal, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.of(Release{Namespace: home, Name: name}).Remove(ctx, removeOptions(), 0); err == nil {
		t.Error("ran although cancelled")
	}
}

func TestRights(t *testing.T) {
	for want, rules := range map[string][]cluster.Rule{
		"update secrets in namespace coder":           RightsToRetain(Scope{Release: home, Backups: satellite, Records: cluster.DriverSecrets}),
		"update configmaps in namespace coder":        RightsToRetain(Scope{Release: home, Backups: satellite, Records: cluster.DriverConfigMaps}),
		"patch deployments.apps in namespace coder":   RightsToRetain(Scope{Release: home, Backups: satellite, Records: cluster.DriverSecrets}),
		"create secrets in namespace coder-satellite": RightsToRetain(Scope{Release: home, Backups: satellite, Records: cluster.DriverConfigMaps}),
		"create secrets in namespace coder":           RightsToRestore(Scope{Release: home, Records: cluster.DriverSecrets}),
		"delete deployments.apps in namespace coder":  RightsToRemove(Scope{Release: home, Backups: satellite, Records: cluster.DriverSecrets}),
	} {
		if !slices.ContainsFunc(rules, func(r cluster.Rule) bool { return r.String() == want }) {
			t.Errorf("no right to %s", want)
		}
	}
}
