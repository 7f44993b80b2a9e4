package legacy

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadiness(t *testing.T) {
	const record = "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1"
	for title, test := range map[string]struct {
		ingress bool
		set     func(r *region)
		want    []string
	}{
		"ready": {false, func(*region) {}, nil},
		"removed APIs": {true, func(*region) {}, []string{
			"Ingress/envproxy is there, but the manifest has it in extensions/v1beta1, which this cluster does not serve: Helm can neither upgrade nor roll back the release",
			"Role/nginx is there, but the manifest has it in rbac.authorization.k8s.io/v1beta1, which this cluster does not serve: Helm can neither upgrade nor roll back the release",
		}},
		"APIs served": {true, func(r *region) {
			r.server.served = append(r.server.served, served{"extensions", "v1beta1", "Ingress", "ingresses"},
				served{"rbac.authorization.k8s.io", "v1beta1", "Role", "roles"})
			r.server.objects["extensions/ingresses/coder/envproxy"] = r.server.objects["networking.k8s.io/ingresses/coder/envproxy"]
		}, nil},
		"an API that is nowhere": {false, func(r *region) { r.server.served = r.server.served[:6] }, []string{
			"Role/coder is in rbac.authorization.k8s.io/v1, which this cluster does not serve",
			"RoleBinding/coder is in rbac.authorization.k8s.io/v1, which this cluster does not serve",
		}},
		"object gone": {false, func(r *region) { delete(r.server.objects, "/serviceaccounts/coder/coder") },
			[]string{"ServiceAccount/coder does not exist in namespace coder"}},
		"envproxy gone": {false, func(r *region) { delete(r.server.objects, "apps/deployments/coder/envproxy") },
			[]string{"Deployment/envproxy does not exist in namespace coder"}},
		"scaled down": {false, func(r *region) {
			r.server.edit(r.t, "apps/deployments/coder/envproxy", func(o map[string]any) { o["spec"].(map[string]any)["replicas"] = 0 })
		}, []string{"Deployment coder/envproxy is not available: it is scaled to 0 replicas"}},
		"no pod": {false, func(r *region) {
			r.server.edit(r.t, "apps/deployments/coder/envproxy", func(o map[string]any) { delete(o, "status") })
		}, []string{"Deployment coder/envproxy is not available: none of its pods is ready"}},
		"condition": {false, func(r *region) {
			r.server.edit(r.t, "apps/deployments/coder/envproxy", func(o map[string]any) {
				o["status"] = map[string]any{"conditions": []any{map[string]any{"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable", "message": "no luck"}}}
			})
		}, []string{"Deployment coder/envproxy is not available: MinimumReplicasUnavailable no luck"}},
		"record gone": {false, func(r *region) { delete(r.server.objects, record) }, []string{
			"release coder/coder-workspace-provider has no deployed revision any more: was it uninstalled?: there is no such record",
			"there is no backup of the record of coder/coder-workspace-provider in namespace coder-satellite: it can only be installed again, with Helm",
		}},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			release := r.legacy(legacyManifest(false, test.ingress))
			test.set(r)
			_, got := r.inspect(release)
			if diff := cmp.Diff(test.want, got.Problems); diff != "" || got.Ready != (test.want == nil) {
				t.Errorf("ready %t: %s", got.Ready, diff)
			}
		})
	}
}

func TestInspectErrors(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, false))
	for path, want := range map[string]string{
		"/api/v1/namespaces/coder/secrets":                        "the Helm records (secrets) in namespace coder cannot be listed",
		"/api/v1/namespaces/coder-satellite/secrets":              "the backups of release records in namespace coder-satellite cannot be listed",
		"/apis/apps/v1/namespaces/coder/deployments/envproxy":     "cannot be read",
		"/api/v1/namespaces/coder/secrets/" + recordName(name, 1): "may not be read",
		"/api/v1/namespaces/coder/serviceaccounts/coder":          "ServiceAccount/coder in namespace coder cannot be read",
	} {
		r.server.failing(func(_, p string) int { return map[bool]int{true: 403}[p == path] })
		if _, _, err := r.of(release).Inspect(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// A modified backup does not count as a backup, is not used, and is replaced.
func TestTamperedBackup(t *testing.T) {
	for title, tamper := range map[string]func(o map[string]any){
		"content": func(o map[string]any) { o["data"].(map[string]any)["release"] = "aHVudGVyMg==" },
		"digest":  func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationDigest] = "sha256:00" },
		"about":   func(o map[string]any) { metaOf(o)["annotations"].(map[string]any)[annotationRecord] = "{" },
		"release": func(o map[string]any) {
			metaOf(o)["annotations"].(map[string]any)[annotationRecord] = `{"namespace":"elsewhere"}`
		},
		"object": func(o map[string]any) {
			annotations := metaOf(o)["annotations"].(map[string]any)
			annotations[annotationRecord] = strings.ReplaceAll(annotations[annotationRecord].(string), "sh.helm.release.v1.coder-workspace-provider.v1", "another-secret")
		},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			release := r.legacy(legacyManifest(false, false))
			ledger, err := r.of(release).Retain(context.Background(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			r.server.edit(t, "/secrets/coder-satellite/"+ledger.Backup, tamper)
			retention, _ := r.inspect(r.find())
			if retention.Complete || !strings.Contains(strings.Join(retention.Missing, ";"), "tampered with") {
				t.Errorf("retention %+v", retention)
			}
			release.Backup = ledger.Backup
			if err := r.of(release).RestoreRecord(context.Background()); err == nil || !strings.Contains(err.Error(), "tampered with") {
				t.Errorf("restored: %v", err)
			}
			r.retain(r.find())
			if retention, _ := r.inspect(r.find()); !retention.Complete {
				t.Errorf("retention %+v", retention)
			}
		})
	}
}

// A record that is damaged after it was retained is restored from the backup.
func TestDamagedRecordIsRestored(t *testing.T) {
	const record = "/secrets/coder/sh.helm.release.v1.coder-workspace-provider.v1"
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	before := r.server.dump(t)
	r.server.edit(t, record, func(o map[string]any) { o["data"].(map[string]any)["release"] = "aHVudGVyMg==" })
	found, err := At(r.access, "").Find(context.Background(), Hint{})
	if err != nil {
		t.Fatal(err)
	}
	if !found.Releases[0].RecordMissing || !strings.Contains(found.Explain(), "is damaged") {
		t.Errorf("found %s", found.Explain())
	}
	if err := r.of(found.Releases[0]).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, r.server.dump(t)); diff != "" {
		t.Error(diff)
	}
}
