package legacy

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// claim creates an envproxy Deployment that claims to belong to a Helm release. Anyone who may
// create Deployments in a namespace can do this.
func (r *region) claim(namespace, deployment, release, releaseNamespace string) {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	r.server.put("apps/deployments/"+namespace+"/"+deployment, map[string]any{"metadata": map[string]any{
		"name": deployment, "namespace": namespace, "labels": map[string]any{labelEnvproxy: envproxy},
		"annotations": map[string]any{annotationRelease: release, annotationNamespace: releaseNamespace},
	}}, nil)
}

// rogue installs a release like the legacy one in another namespace, with another access URL.
func (r *region) rogue(namespace, url string) {
	r.t.Helper()
	rel := helmRelease(namespace, "rogue", chartName, strings.ReplaceAll(legacyManifest(false, false), "namespace: coder\n", ""), 1, helmrelease.StatusDeployed)
	rel.Config["envproxy"].(map[string]any)["accessURL"] = url
	r.install(rel)
}

func (r *region) damage(namespace, release string) {
	r.t.Helper()
	r.server.edit(r.t, "/secrets/"+namespace+"/"+recordName(release, 1), func(o map[string]any) { o["data"].(map[string]any)["release"] = "aHVudGVyMg==" })
}

func ownLedger() *journal.Ledger {
	return &journal.Ledger{Namespace: home, Release: name, Revision: 1}
}

// Objects that others created in the cluster neither block the search nor replace the provider's
// own release in it.
func TestFindAmongForeignObjects(t *testing.T) {
	inHome, byLedger := Hint{Namespace: home, AccessURL: "https://proxy.example.com"}, Hint{Ledger: ownLedger(), Namespace: "workspaces"}
	for title, test := range map[string]struct {
		set   func(r *region)
		hints []Hint
		says  string
	}{
		"a name that is no label value": {func(r *region) { r.claim("evil", "envproxy", "x)", "evil") }, []Hint{{}, inHome, byLedger},
			`Deployment evil/envproxy belongs to no Helm release: its annotation meta.helm.sh/release-name is "x)", not a release name`},
		"a name that adds a selector": {func(r *region) { r.claim("evil", "envproxy", "x),owner in (helm", "evil") }, []Hint{{}, inHome, byLedger}, "not a release name"},
		"a namespace that is none": {func(r *region) { r.claim("evil", "envproxy", "x", "../secrets") }, []Hint{{}, inHome, byLedger},
			`its annotation meta.helm.sh/release-namespace is "../secrets", not a namespace name`},
		"a claim to another namespace": {func(r *region) { r.claim("evil", "envproxy", "other", home) }, []Hint{{}, inHome, byLedger},
			"Deployment evil/envproxy says that it belongs to a Helm release of namespace coder, where it is not"},
		"terminal codes": {func(r *region) { r.claim("evil", "envproxy", "\x1b[2J"+strings.Repeat("x", 1<<16), "evil") }, []Hint{{}}, `is "\x1b[2Jxxx`},
		"a release in the same namespace": {func(r *region) { r.claim(home, "a", "none", home) }, []Hint{{}, inHome, {Ledger: ownLedger(), Namespace: home}},
			""},
		"a claim to the release itself":    {func(r *region) { r.claim(home, "a", name, home) }, []Hint{{}, inHome, byLedger}, ""},
		"a record with the provider's URL": {func(r *region) { r.rogue("evil", "https://proxy.example.com") }, []Hint{inHome, byLedger}, "evil/rogue is not"},
		"a record with the URL as the provider has it": {func(r *region) { r.rogue("evil", "https://proxy.example.com") },
			[]Hint{{Namespace: home, AccessURL: "https://PROXY.example.com:443/"}}, "evil/rogue is not in the provider's namespace"},
		"a record in the provider's namespace": {func(r *region) { r.rogue("workspaces", "https://proxy.example.com") }, []Hint{byLedger},
			"workspaces/rogue is not the release that the journal lists as retained"},
		"a damaged record": {func(r *region) { r.rogue("evil", "https://x"); r.damage("evil", "rogue") }, []Hint{inHome, byLedger}, "evil/rogue is not"},
		"records that may not be read": {func(r *region) {
			r.rogue("evil", "https://x")
			r.server.failing(func(_, path string) int {
				return map[bool]int{true: 403}[path == "/api/v1/secrets" || strings.HasPrefix(path, "/api/v1/namespaces/evil/")]
			})
		}, []Hint{inHome, {Ledger: ownLedger()}}, "evil/rogue is not"},
		"many of them": {func(r *region) {
			for i := range 50 {
				r.rogue(fmt.Sprint("evil-", i), "https://proxy.example.com")
				r.claim(fmt.Sprint("bad-", i), "envproxy", "x)", "y")
			}
		}, []Hint{inHome, byLedger}, "and 92 more"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			own := r.legacy(legacyManifest(false, false))
			test.set(r)
			for _, hint := range test.hints {
				since := r.server.count()
				found, err := At(r.access, "").Find(context.Background(), hint)
				if err != nil {
					t.Errorf("%+v: %v", hint, err)
					continue
				}
				if text := found.Explain(); len(found.Releases) != 1 || found.Releases[0].String() != own.String() || !strings.Contains(text, test.says) || len(text) > 2000 {
					t.Errorf("%+v: found %s", hint, text)
				}
				if requests, _ := since(); len(requests) > 8 {
					t.Errorf("%+v: %d requests: %v", hint, len(requests), requests)
				}
				if release := found.Releases[0]; (release.Ledger != nil) != (hint.Ledger != nil) || release.Deployment != "envproxy" {
					t.Errorf("%+v: found %+v", hint, release)
				}
			}
		})
	}
}

// The release that the ledger lists is found even if its envproxy is gone, and no other release
// is used in its place.
func TestFindByLedger(t *testing.T) {
	for title, test := range map[string]struct {
		set  func(r *region)
		want string // the release that is found
		err  string
		says string
	}{
		"without its envproxy": {func(r *region) { delete(r.server.objects, "apps/deployments/coder/envproxy") }, "coder/" + name, "", ""},
		"uninstalled": {func(r *region) {
			if err := r.helmUninstall(false); err != nil {
				t.Fatal(err)
			}
		}, "coder/" + name, "", "its record is in the backup"},
		"uninstalled, and the backup is gone": {func(r *region) {
			if err := r.helmUninstall(false); err != nil {
				t.Fatal(err)
			}
			r.deleteBackups()
		}, "", "", "the envproxy of coder/coder-workspace-provider is there, but it has no Helm record, and there is no backup"},
		"damaged":                        {func(r *region) { r.damage(home, name) }, "coder/" + name, "", "it can be restored from the backup"},
		"damaged, and without a backup":  {func(r *region) { r.damage(home, name); r.deleteBackups() }, "", "is damaged, and there is no backup of it", ""},
		"never deployed, and no backups": {func(r *region) { r.pending(); r.deleteBackups() }, "", "", "no revision of it is deployed"},
		"removed for good": {func(r *region) {
			if _, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0); err != nil {
				t.Fatal(err)
			}
		}, "", "", "elsewhere/rogue is not the release that the journal lists as retained"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			ledger, err := r.of(r.legacy(legacyManifest(false, false))).Retain(context.Background(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			test.set(r)
			r.rogue("elsewhere", "https://proxy.example.com")
			found, err := r.site().Find(context.Background(), Hint{Ledger: ledger, Namespace: home, AccessURL: "https://proxy.example.com"})
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Fatalf("error %v", err)
			}
			var names []string
			for _, release := range found.Releases {
				names = append(names, release.String())
			}
			if got := strings.Join(names, " "); got != test.want || err == nil && !strings.Contains(found.Explain(), test.says) {
				t.Errorf("found %q: %s", got, found.Explain())
			}
		})
	}
}

// If only backups of several releases are left, the one from the provider's namespace belongs to
// the provider.
func TestFindByNamespaceAmongBackups(t *testing.T) {
	r := newRegion(t, "")
	r.rogue("elsewhere", "https://proxy.example.com")
	r.retain(r.find())
	other := r.find()
	r.server.mu.Lock()
	for key := range r.server.objects {
		if !strings.HasPrefix(key, "/secrets/"+satellite+"/") {
			delete(r.server.objects, key)
		}
	}
	r.server.mu.Unlock()
	own := r.legacy(legacyManifest(false, false))
	r.retain(own)
	for _, ref := range own.Objects {
		delete(r.server.objects, liveKey(ref))
	}
	delete(r.server.objects, "/secrets/coder/"+recordName(own.Name, own.Revision))
	found, err := r.site().Find(context.Background(), Hint{Namespace: home, AccessURL: other.AccessURL})
	if err != nil || len(found.Releases) != 1 || found.Releases[0].String() != own.String() {
		t.Errorf("found %s, %v", found.Explain(), err)
	}
}

func (r *region) deleteBackups() {
	r.server.mu.Lock()
	defer r.server.mu.Unlock()
	for key := range r.server.objects {
		if strings.HasPrefix(key, "/secrets/"+satellite+"/") {
			delete(r.server.objects, key)
		}
	}
}

// pending marks the release's only record as an installation that did not end.
func (r *region) pending() {
	r.server.edit(r.t, "/secrets/coder/"+recordName(name, 1), func(o map[string]any) {
		metaOf(o)["labels"].(map[string]any)["status"] = "pending-install"
	})
}

// manifestOfOthers is a legacy manifest that names objects of others. Anyone who may write the
// record can make one.
func manifestOfOthers() string {
	return legacyManifest(false, false) + `---
apiVersion: v1
kind: ConfigMap
metadata: {name: theirs, namespace: kube-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: unmarked}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: ours}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: theirs}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: nobodys}
`
}

// withOthers is a region whose legacy release names objects of others.
func withOthers(t *testing.T) *region {
	r := newRegion(t, "")
	r.server.served = append(r.server.served, served{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles"})
	r.legacy(manifestOfOthers())
	marks := func(release, namespace string) map[string]any {
		return map[string]any{annotationRelease: release, annotationNamespace: namespace}
	}
	for key, annotations := range map[string]map[string]any{
		"/configmaps/kube-system/theirs":                  marks(name, home), // labels that are false
		"/configmaps/coder/unmarked":                      nil,
		"rbac.authorization.k8s.io/clusterroles//ours":    marks(name, home),
		"rbac.authorization.k8s.io/clusterroles//theirs":  marks(name, "elsewhere"),
		"rbac.authorization.k8s.io/clusterroles//nobodys": nil,
	} {
		parts := strings.Split(key, "/")
		r.server.put(key, map[string]any{"metadata": map[string]any{"name": parts[3], "namespace": parts[2], "annotations": annotations}}, nil)
	}
	return r
}

// Remove deletes nothing in other namespaces, and only objects whose labels say that they belong
// to this release.
func TestRemoveKeepsOthersObjects(t *testing.T) {
	r := withOthers(t)
	r.retain(r.find())
	if annotations := stringMap(r.server.objects["/configmaps/kube-system/theirs"], "annotations"); annotations[annotationPolicy] != "" {
		t.Error("an object of another namespace was annotated")
	}
	removal, err := r.of(r.find()).Remove(context.Background(), removeOptions(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Service/envproxy", "Deployment/envproxy", "ClusterRole/ours"}, texts(removal.Goes)); diff != "" {
		t.Errorf("gone (-want +got):\n%s", diff)
	}
	reasons := map[string]string{}
	for _, kept := range removal.Stays {
		reasons[kept.Object.Namespace+" "+kept.Object.String()] = kept.Reason
	}
	for object, want := range map[string]string{
		"kube-system ConfigMap/theirs": "it is in namespace kube-system, not in the release's",
		"coder ConfigMap/unmarked":     "it does not say that it belongs to the release",
		"coder ClusterRole/theirs":     `it belongs to release "coder-workspace-provider" of namespace "elsewhere" now`,
		"coder ClusterRole/nobodys":    "it does not say that it belongs to the release",
	} {
		if reasons[object] != want {
			t.Errorf("%s stays because %q, want %q", object, reasons[object], want)
		}
	}
	for _, key := range []string{"/configmaps/kube-system/theirs", "/configmaps/coder/unmarked", "rbac.authorization.k8s.io/clusterroles//theirs", "rbac.authorization.k8s.io/clusterroles//nobodys"} {
		if r.server.objects[key] == nil {
			t.Errorf("%s is gone", key)
		}
	}
	if r.server.objects["rbac.authorization.k8s.io/clusterroles//ours"] != nil {
		t.Error("the release's own object of the cluster is still there")
	}
}

// RecreateObjects creates nothing in other namespaces either.
func TestRecreateInOwnNamespaceOnly(t *testing.T) {
	r := withOthers(t)
	release := r.find()
	r.retain(release)
	delete(r.server.objects, "/configmaps/kube-system/theirs")
	delete(r.server.objects, "/configmaps/coder/unmarked")
	delete(r.server.objects, "rbac.authorization.k8s.io/clusterroles//ours")
	created, err := r.of(release).RecreateObjects(context.Background())
	if err == nil || err.Error() != "ConfigMap/theirs is in namespace kube-system, not in the release's: it was not created again" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"ConfigMap/unmarked", "ClusterRole/ours"}, texts(created)); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
}

// Objects that Coder's own chart keeps from 1.21.4 on are kept, whichever chart version created
// them.
func TestRemoveKeepsWhatWorkspacesNeed(t *testing.T) {
	r := newRegion(t, "")
	manifest := legacyManifest(false, false)
	for _, kind := range []string{"Role", "RoleBinding"} {
		for _, role := range []string{"coder-restricted", "ingress-restricted", "nginx"} {
			manifest += fmt.Sprintf("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: %s\nmetadata: {name: %s}\n", kind, role)
		}
	}
	manifest += "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: environments}\n"
	r.retain(r.legacy(manifest))
	preview, err := r.of(r.find()).Preview(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Service/envproxy", "Deployment/envproxy", "Role/nginx", "RoleBinding/nginx"}, texts(preview.Goes)); diff != "" {
		t.Errorf("goes (-want +got):\n%s", diff)
	}
	reasons := map[string]string{}
	for _, kept := range preview.Stays {
		reasons[kept.Object.String()] = kept.Reason
	}
	want := map[string]string{
		"ServiceAccount/coder": "Coder provisions workspaces with it", "Role/coder": "Coder provisions workspaces with it", "RoleBinding/coder": "Coder provisions workspaces with it",
		"ServiceAccount/environments": "workspaces run under it", "ServiceAccount/coder-workspace-provider-environments": "workspaces run under it",
		"Role/coder-restricted": "existing workspaces need it", "RoleBinding/coder-restricted": "existing workspaces need it",
		"Role/ingress-restricted": "existing workspaces need it", "RoleBinding/ingress-restricted": "existing workspaces need it",
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Errorf("stays (-want +got):\n%s", diff)
	}
}
