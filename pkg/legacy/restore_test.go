package legacy

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"
)

// An uninstall that kept the history leaves a record that says "uninstalled".
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
		t.Errorf("a repetition writes: %v", writes(requests))
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

// Everything gone but the backup: found, restored, created again.
func TestRecreateObjects(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, true))
	r.retain(release)
	for _, ref := range release.Objects {
		delete(r.server.objects, liveKey(ref))
	}
	delete(r.server.objects, "/secrets/coder/"+release.Record)
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
