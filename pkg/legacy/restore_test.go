package legacy

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"
)

// An uninstall that keeps the history leaves a record with the status "uninstalled".
func TestRestoreAfterUninstallKeepingHistory(t *testing.T) {
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	if err := r.helm(home).Create(helmRelease(home, name, chartName, "", 2, helmrelease.StatusFailed)); err != nil {
		t.Fatal(err)
	}
	r.retain(r.find())
	if err := r.helmUninstall(true); err != nil {
		t.Fatal(err)
	}
	lost := r.find()
	if !lost.RecordMissing || lost.Status != "uninstalled" {
		t.Fatalf("found %#v", lost)
	}
	if err := r.of(lost).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
	latest, err := r.helm(home).Last(name)
	if err != nil || latest.Version != 1 || latest.Info.Status != helmrelease.StatusDeployed {
		t.Errorf("Helm has %+v, %v", latest, err)
	}
	since := r.server.count()
	if err := r.of(r.find()).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
	if requests, _ := since(); len(writes(requests)) != 0 {
		t.Errorf("the second run writes: %v", writes(requests))
	}
}

func TestRestoreErrors(t *testing.T) {
	for title, test := range map[string]struct {
		set  func(r *region)
		want string
	}{
		"installed again": {func(r *region) {
			r.install(helmRelease(home, name, chartName, legacyManifest(false, false), 5, helmrelease.StatusDeployed))
		}, "was installed again: revision 5 is deployed and the backup is of revision 1; nothing was restored"},
		"namespace gone": {func(r *region) {
			r.server.failing(func(m, _ string) int { return map[bool]int{true: 404}[m == "POST"] })
		}, `namespace "coder" of the legacy release is gone: create it first`},
		"forbidden": {func(r *region) {
			r.server.failing(func(m, _ string) int { return map[bool]int{true: 403}[m == "POST"] })
		}, "may not be created"},
		"backup gone": {func(r *region) {
			for key := range r.server.objects {
				if strings.HasPrefix(key, "/secrets/coder-satellite/") {
					delete(r.server.objects, key)
				}
			}
		}, "there is no backup of the record"},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			r.retain(r.legacy(legacyManifest(false, false)))
			if err := r.helmUninstall(false); err != nil {
				t.Fatal(err)
			}
			lost := r.find()
			test.set(r)
			err := r.of(lost).RestoreRecord(context.Background())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// If only the backup is left, the release is found, its record is restored, and its objects are
// created again.
func TestRecreateObjects(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, true))
	r.retain(release)
	for _, ref := range release.Objects {
		delete(r.server.objects, liveKey(ref))
	}
	delete(r.server.objects, "/secrets/coder/"+recordName(name, 1))
	lost := r.find()
	if !lost.RecordMissing || lost.Deployment != "envproxy" {
		t.Fatalf("found %#v", lost)
	}
	if _, ready := r.inspect(lost); ready.Ready {
		t.Error("ready")
	}
	since := r.server.count()
	created, err := r.of(lost).RecreateObjects(context.Background())
	if err == nil || err.Error() != "Ingress/envproxy is in extensions/v1beta1, which this cluster does not serve: it was not created again" {
		t.Errorf("error %v", err)
	}
	var order []string
	for _, ref := range created {
		order = append(order, ref.String())
	}
	want := []string{"ServiceAccount/coder", "ServiceAccount/coder-workspace-provider-environments", "Role/coder", "Role/nginx", "RoleBinding/coder", "Service/envproxy", "Deployment/envproxy"}
	if diff := cmp.Diff(want, order); diff != "" {
		t.Error(diff)
	}
	if requests, _ := since(); len(writes(requests)) != len(want) {
		t.Errorf("writes %v", writes(requests))
	}
	object := r.server.objects["apps/deployments/coder/envproxy"]
	wantAnnotations := map[string]string{annotationRelease: name, annotationNamespace: home, annotationPolicy: policyKeep}
	if diff := cmp.Diff(wantAnnotations, stringMap(object, "annotations")); diff != "" {
		t.Error(diff)
	}
	if err := r.of(lost).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
	if back := r.find(); back.RecordMissing {
		t.Errorf("found %+v", back)
	}
	if again, _ := r.of(lost).RecreateObjects(context.Background()); len(again) != 0 {
		t.Errorf("created twice: %v", again)
	}
	if _, err := At(r.access, "elsewhere").Of(lost).RecreateObjects(context.Background()); err == nil || !strings.Contains(err.Error(), "there is no backup") {
		t.Errorf("got %v", err)
	}
}

// upgraded is a region whose retained release was upgraded without being retained again. Then it
// was uninstalled, either keeping the history or killed halfway, so that its newest record has
// this status.
func upgraded(t *testing.T, status helmrelease.Status) (r *region, manifest string) {
	t.Helper()
	r = newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	r.supersede()
	manifest = legacyManifest(true, false)
	if err := r.helm(home).Create(helmRelease(home, name, chartName, manifest, 2, status)); err != nil {
		t.Fatal(err)
	}
	return r, manifest
}

// The record that hides the restored one may be the only copy of a newer revision. So it is
// backed up before it is deleted, and nothing is restored from that backup.
func TestRestoreKeepsNewerRevision(t *testing.T) {
	for _, status := range []helmrelease.Status{helmrelease.StatusUninstalled, helmrelease.StatusUninstalling} {
		t.Run(status.String(), func(t *testing.T) {
			r, manifest := upgraded(t, status)
			newer := r.server.objects["/secrets/coder/"+recordName(name, 2)]["data"].(map[string]any)["release"]
			for range 2 { // also after another uninstall
				lost := r.find()
				if !lost.RecordMissing || lost.Revision != 1 {
					t.Fatalf("found %#v", lost)
				}
				if err := r.of(lost).RestoreRecord(context.Background()); err != nil {
					t.Fatal(err)
				}
				latest, err := r.helm(home).Last(name)
				if err != nil || latest.Version != 1 || latest.Info.Status != helmrelease.StatusDeployed {
					t.Fatalf("Helm has %+v, %v", latest, err)
				}
				if busy := r.find().Busy(); busy != "" {
					t.Errorf("the restored release is busy: %s", busy)
				}
				backups, err := r.site().listBackups(context.Background(), labelRevision+"=2")
				if err != nil || len(backups) != 1 {
					t.Fatalf("%d backups of revision 2, %v", len(backups), err)
				}
				b, err := r.site().backup(context.Background(), backups[0].Namespace, backups[0].Name, nil)
				if err != nil || b.record.Manifest != manifest {
					t.Errorf("the backup of revision 2 is not sound: %v", err)
				}
				if saved := r.server.objects["/secrets/"+satellite+"/"+backups[0].Name]["data"].(map[string]any)["release"]; saved != newer {
					t.Error("the backup of revision 2 is not the record that was deleted")
				}
				if err := r.helmUninstall(false); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// A record that cannot be backed up is not deleted, and nothing else changes.
func TestRestoreWithoutBackupOfNewerRevision(t *testing.T) {
	for title, test := range map[string]struct {
		set  func(r *region)
		want string
	}{
		"damaged": {func(r *region) {
			r.server.edit(r.t, "/secrets/coder/"+recordName(name, 2), func(o map[string]any) { o["data"].(map[string]any)["release"] = "aHVudGVyMg==" })
		}, "revision 2 of release coder/coder-workspace-provider is uninstalled and hides revision 1, but cannot be backed up"},
		"forbidden": {func(r *region) {
			r.server.failing(func(m, _ string) int { return map[bool]int{true: 403}[m == "POST"] })
		}, "the backup of the record cannot be saved"},
	} {
		t.Run(title, func(t *testing.T) {
			r, _ := upgraded(t, helmrelease.StatusUninstalled)
			lost := r.find()
			test.set(r)
			before := r.server.dump(t)
			err := r.of(lost).RestoreRecord(context.Background())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if diff := cmp.Diff(before, r.server.dump(t)); diff != "" {
				t.Errorf("changed (-before +after):\n%s", diff)
			}
		})
	}
}
