package legacy

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Cluster-scoped objects, lists, and kinds that moved to another API group are found.
func TestLook(t *testing.T) {
	r := newRegion(t, "")
	r.server.served = append(r.server.served, served{"rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles"})
	put := func(key string) {
		_, name, _ := strings.Cut(key, "/")
		r.server.put(key, map[string]any{"metadata": map[string]any{"name": name[strings.LastIndex(name, "/")+1:]}}, nil)
	}
	put("rbac.authorization.k8s.io/clusterroles//nginx")
	put("apps/deployments/coder/old")
	put("/services/other/elsewhere")
	refs := []declared{}
	for _, ref := range []ObjectRef{
		{"rbac.authorization.k8s.io/v1", "ClusterRole", home, "nginx"},
		{"extensions/v1beta1", "Deployment", home, "old"},
		{"v1", "Service", "other", "elsewhere"},
		{"extensions/v1beta1", "PodSecurityPolicy", home, "gone"},
		{"v1", "Service", home, "absent"},
	} {
		refs = append(refs, declared{ObjectRef: ref})
	}
	found, err := r.site().look(context.Background(), refs)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range found {
		text := l.String()
		if l.object != nil {
			text += " exists"
		}
		if l.served {
			text += " served"
		}
		got = append(got, text)
	}
	want := []string{"ClusterRole/nginx exists served", "Deployment/old exists", "Service/elsewhere exists served", "PodSecurityPolicy/gone", "Service/absent served"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := r.site().look(context.Background(), []declared{{ObjectRef: ObjectRef{"a/b/c", "X", home, "x"}}}); err == nil || !strings.Contains(err.Error(), `API version "a/b/c"`) {
		t.Errorf("got %v", err)
	}
}

// The error lists all failures, not only the first.
func TestRetainTellsAllFailures(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, false))
	r.server.failing(func(m, p string) int {
		return map[bool]int{true: 403}[m == "PATCH" && !strings.HasSuffix(p, "/envproxy")]
	})
	_, err := r.of(release).Retain(context.Background(), retainOptions())
	for _, want := range []string{"ServiceAccount/coder in", "Role/coder in", "RoleBinding/coder in", "; "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
	var several interface{ Unwrap() []error }
	if !errors.As(err, &several) || len(several.Unwrap()) != 4 || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}

// The error explains why backups cannot be used.
func TestFindWithBadBackups(t *testing.T) {
	for title, test := range map[string]struct {
		set  func(r *region, key string)
		want string
	}{
		"tampered": {func(r *region, key string) {
			r.server.edit(r.t, key, func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationDigest] = "x" })
		}, "was tampered with"},
		"tampered, and nothing else left": {func(r *region, key string) {
			r.server.edit(r.t, key, func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationDigest] = "x" })
			delete(r.server.objects, "apps/deployments/coder/envproxy")
		}, "was tampered with"},
		"not to be listed": {func(r *region, _ string) {
			r.server.failing(func(_, p string) int { return map[bool]int{true: 403}[p == "/api/v1/secrets"] })
		}, "you may not list Secrets in all namespaces"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			ledger, err := r.of(r.legacy(legacyManifest(false, false))).Retain(context.Background(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			if err := r.helmUninstall(false); err != nil {
				t.Fatal(err)
			}
			test.set(r, "/secrets/coder-satellite/"+ledger.Backup)
			found, err := At(r.access, "").Find(context.Background(), Hint{})
			if err != nil || len(found.Releases) != 0 || !strings.Contains(found.Explain(), test.want) {
				t.Errorf("%v, %s", err, found.Explain())
			}
		})
	}
}

// The envproxy was deleted, but the record still exists.
func TestFindWithoutEnvproxy(t *testing.T) {
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	delete(r.server.objects, "apps/deployments/coder/envproxy")
	release := r.find()
	if release.RecordMissing || release.Status != "deployed" {
		t.Errorf("found %#v", release)
	}
	if _, ready := r.inspect(release); !slices.Contains(ready.Problems, "Deployment/envproxy does not exist in namespace coder") {
		t.Errorf("problems %v", ready.Problems)
	}
}
