package legacy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

func TestFindOne(t *testing.T) {
	for driver, object := range map[string]string{cluster.DriverSecrets: "secrets", cluster.DriverConfigMaps: "configmaps"} {
		t.Run(object, func(t *testing.T) {
			r := newRegion(t, driver)
			got := r.legacy(legacyManifest(false, true))
			want := Release{
				Context: "test", Namespace: home, Name: name, Revision: 1, LatestRevision: 1, Status: "deployed", ChartName: chartName, ChartVersion: "1.21.3",
				AccessURL: "https://proxy.example.com", Driver: driver, Deployment: "envproxy",
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Release{}, "Objects")); diff != "" {
				t.Error(diff)
			}
			if len(got.Objects) != 8 {
				t.Errorf("objects %v", got.Objects)
			}
			if text := fmt.Sprintf("%#v", got); strings.Contains(text, token) {
				t.Errorf("shows the token: %s", text)
			}
		})
	}
}

// Records in the other kind of storage are found, too.
func TestFindInOtherStorage(t *testing.T) {
	r := newRegion(t, cluster.DriverConfigMaps)
	r.legacy(legacyManifest(false, false))
	secrets := newRegion(t, cluster.DriverSecrets)
	secrets.server.objects = r.server.objects
	if got := secrets.find(); got.Driver != cluster.DriverConfigMaps {
		t.Errorf("driver %q", got.Driver)
	}
}

// The number of requests does not depend on the number of releases in the cluster.
func TestFindIsCheap(t *testing.T) {
	r := newRegion(t, "")
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 20<<10)
	for i := range noise {
		noise[i] = byte('!' + random.IntN(90))
	}
	for i := range 500 {
		other, space := fmt.Sprintf("app-%d", i), fmt.Sprintf("team-%d", i%50)
		labels := map[string]any{"owner": "helm", "name": other, "status": "deployed", "version": "1"}
		r.server.put("/secrets/"+space+"/"+recordName(other, 1), map[string]any{
			"metadata": map[string]any{"name": recordName(other, 1), "namespace": space, "labels": labels},
			"data":     map[string]any{"release": string(noise)},
		}, nil)
	}
	primary := helmRelease("primary", "coder", "coder", legacyManifest(false, false), 1, helmrelease.StatusDeployed)
	r.install(primary)
	for v := 1; v < 10; v++ { // nor on the length of a release's history
		if err := r.helm(home).Create(helmRelease(home, name, chartName, string(noise), v, helmrelease.StatusSuperseded)); err != nil {
			t.Fatal(err)
		}
	}
	r.install(helmRelease(home, name, chartName, legacyManifest(true, true), 10, helmrelease.StatusDeployed))

	since := r.server.count()
	found, err := At(r.access, "").Find(context.Background(), Hint{Namespace: home})
	if err != nil {
		t.Fatal(err)
	}
	requests, sent := since()
	if len(requests) > 6 || sent >= 1<<20 {
		t.Errorf("%d requests and %d bytes: %s", len(requests), sent, strings.Join(requests, ", "))
	}
	if len(found.Releases) != 1 || found.Releases[0].Revision != 10 {
		t.Errorf("found %s", found.Explain())
	}
	if !strings.Contains(found.Explain(), "primary/coder is not in the provider's namespace") {
		t.Errorf("explains %s", found.Explain())
	}
	since = r.server.count()
	if found, err = At(r.access, "").Find(context.Background(), Hint{}); err != nil {
		t.Fatal(err)
	}
	requests, sent = since()
	if len(requests) > 6 || sent >= 1<<20 || len(found.Releases) != 1 {
		t.Errorf("without a hint: %d requests and %d bytes: %s: %s", len(requests), sent, strings.Join(requests, ", "), found.Explain())
	}
	if !strings.Contains(found.Explain(), "the envproxy of primary/coder is part of chart coder") {
		t.Errorf("explains %s", found.Explain())
	}
}

func TestFindExplains(t *testing.T) {
	legacy := func(r *region, namespace, proxy string) {
		rel := helmRelease(namespace, name, chartName, strings.ReplaceAll(legacyManifest(false, false), "namespace: coder\n", ""), 1, helmrelease.StatusDeployed)
		rel.Config["envproxy"].(map[string]any)["accessURL"] = proxy
		r.install(rel)
	}
	for title, test := range map[string]struct {
		set  func(r *region)
		hint Hint
		want string
		n    int
	}{
		"none": {func(*region) {}, Hint{}, "no legacy release was found in all namespaces: no Deployment with label coder.deployment=envproxy belongs to a Helm release of chart workspace-provider", 0},
		"without Helm": {func(r *region) {
			r.server.put("apps/deployments/a/envproxy", map[string]any{"metadata": map[string]any{"name": "envproxy", "namespace": "a", "labels": map[string]any{labelEnvproxy: envproxy}}}, nil)
		}, Hint{}, "Deployment a/envproxy belongs to no Helm release", 0},
		"several": {func(r *region) { legacy(r, "a", "https://a"); legacy(r, "b", "https://b") }, Hint{}, "2 legacy releases were found, and nothing shows which is the provider's: a/coder-workspace-provider, b/coder-workspace-provider", 2},
		"several, told by namespace": {func(r *region) { legacy(r, "a", "https://a"); legacy(r, "b", "https://b") },
			Hint{Namespace: "b"}, "b/coder-workspace-provider, chart workspace-provider 1.21.3, revision 1 (a/coder-workspace-provider is not in the provider's namespace)", 1},
		"several, told by URL": {func(r *region) { legacy(r, "a", "https://a"); legacy(r, "b", "https://b"); legacy(r, "c", "https://c") },
			Hint{Namespace: "d", AccessURL: "HTTPS://C:443/"}, "c/coder-workspace-provider, chart", 1},
		"several, the namespace counts more than the URL": {func(r *region) { legacy(r, "a", "https://a"); legacy(r, "b", "https://b"); legacy(r, "c", "https://c") },
			Hint{Namespace: "b", AccessURL: "https://c"}, "b/coder-workspace-provider, chart", 1},
		"another provider's": {func(r *region) { legacy(r, "a", "https://a") },
			Hint{Namespace: "b", AccessURL: "https://b", Others: []string{"https://c", "HTTPS://A:443/"}},
			"no legacy release was found in all namespaces: no Deployment with label coder.deployment=envproxy belongs to a Helm release of chart workspace-provider (a/coder-workspace-provider is another provider's: it serves https://a)", 0},
		"two providers with one URL": {func(r *region) { legacy(r, "a", "https://a") },
			Hint{Namespace: "a", AccessURL: "https://a", Others: []string{"https://a"}}, "a/coder-workspace-provider, chart", 1},
		"another provider's, but in the ledger": {func(r *region) { legacy(r, "a", "https://a") },
			Hint{Namespace: "a", AccessURL: "https://b", Others: []string{"https://a"}, Ledger: &journal.Ledger{Namespace: "a", Release: name, Revision: 1}},
			"a/coder-workspace-provider, chart", 1},
		"forbidden but for the hint": {func(r *region) {
			legacy(r, "a", "https://a")
			legacy(r, "b", "https://b")
			r.server.failing(func(_, path string) int {
				if path == "/apis/apps/v1/deployments" {
					return 403
				}
				return 0
			})
		}, Hint{Namespace: "b"}, "b/coder-workspace-provider", 1},
		"no record and no backup": {func(r *region) {
			legacy(r, "a", "https://a")
			delete(r.server.objects, "/secrets/a/sh.helm.release.v1.coder-workspace-provider.v1")
		}, Hint{}, "the envproxy of a/coder-workspace-provider is there, but it has no Helm record, and there is no backup", 0},
		"never deployed": {func(r *region) {
			r.install(helmRelease("a", name, chartName, legacyManifest(false, false), 1, helmrelease.StatusPendingInstall))
		}, Hint{}, "no revision of it is deployed, the latest, 1, is pending-install", 0},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			test.set(r)
			found, err := At(r.access, "").Find(context.Background(), test.hint)
			if err != nil {
				t.Fatal(err)
			}
			if text := found.Explain(); !strings.Contains(text, test.want) || len(found.Releases) != test.n {
				t.Errorf("%d found: %s\nwant %d: %s", len(found.Releases), text, test.n, test.want)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	record := "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1"
	for title, test := range map[string]struct {
		set  func(r *region)
		want string
	}{
		"deployments forbidden": {func(r *region) {
			r.server.failing(func(_, path string) int { return map[bool]int{true: 403}[strings.HasSuffix(path, "/deployments")] })
		}, "the envproxy Deployments in all namespaces cannot be listed"},
		"records forbidden": {func(r *region) {
			r.server.failing(func(_, path string) int { return map[bool]int{true: 403}[strings.HasSuffix(path, "/secrets")] })
		}, "the Helm records (secrets) in namespace coder cannot be listed"},
		"corrupt record": {func(r *region) {
			r.server.edit(r.t, record, func(o map[string]any) { o["data"].(map[string]any)["release"] = "aHVudGVyMg==" })
		}, "the record coder/sh.helm.release.v1.coder-workspace-provider.v1 of Helm release coder/coder-workspace-provider revision 1 is damaged, and there is no backup of it: the record is"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			r.legacy(legacyManifest(false, false))
			test.set(r)
			_, err := At(r.access, "").Find(context.Background(), Hint{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
