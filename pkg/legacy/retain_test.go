package legacy

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	helmrelease "helm.sh/helm/v3/pkg/release"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

var allDrivers = []string{cluster.DriverSecrets, cluster.DriverConfigMaps}

// The purpose of retaining: Helm's own uninstall deletes nothing of a retained release.
func TestRetainedSurvivesHelmUninstall(t *testing.T) {
	for _, driver := range allDrivers {
		for title, manifest := range map[string]string{
			"before 1.21.4": legacyManifest(false, false), "since 1.21.4": legacyManifest(true, false), "own ingress": legacyManifest(false, true),
		} {
			t.Run(driver+" "+title, func(t *testing.T) {
				r := newRegion(t, driver)
				release := r.legacy(manifest)
				r.retain(release)
				if retention, _ := r.inspect(r.find()); !retention.Complete || retention.Missing != nil {
					t.Errorf("retention %+v", retention)
				}
				if err := r.helmUninstall(false); err != nil {
					t.Fatal(err)
				}
				for _, ref := range release.Objects {
					if !r.exists(ref) {
						t.Errorf("%s is gone", ref)
					}
				}
				lost := r.find()
				if !lost.RecordMissing || lost.Revision != 1 || lost.Driver != driver {
					t.Fatalf("found %#v", lost)
				}
				before := r.server.dump(t)
				if err := r.of(lost).RestoreRecord(context.Background()); err != nil {
					t.Fatal(err)
				}
				back, err := r.helm(home).Deployed(name)
				if err != nil || back.Labels[LabelRetained] != "true" {
					t.Fatalf("Helm finds %v, %v", back, err)
				}
				if again := r.find(); again.RecordMissing {
					t.Errorf("found %+v", again)
				}
				if retention, _ := r.inspect(r.find()); !retention.Complete {
					t.Errorf("retention %+v", retention)
				}
				if diff := len(r.server.dump(t)) - len(before); diff != 1 {
					t.Errorf("%d objects were made", diff)
				}
			})
		}
	}
}

// Annotating only the live objects, as the old documentation said, does not help.
func TestLiveAnnotationsAloneDoNotSurvive(t *testing.T) {
	r := newRegion(t, "")
	release := r.legacy(legacyManifest(false, false))
	for _, ref := range release.Objects {
		r.server.edit(t, liveKey(ref), func(o map[string]any) {
			metaOf(o)["annotations"].(map[string]any)[annotationPolicy] = policyKeep
		})
	}
	if err := r.helmUninstall(false); err != nil {
		t.Fatal(err)
	}
	if r.exists(release.Objects[0]) {
		t.Error("the ServiceAccount survived: Helm has changed, so review why retention edits the record")
	}
}

func TestRetainTwiceWritesNothing(t *testing.T) {
	for _, driver := range allDrivers {
		t.Run(driver, func(t *testing.T) {
			r := newRegion(t, driver)
			r.legacy(legacyManifest(true, true))
			since := r.server.count()
			first, err := r.of(r.find()).Retain(context.Background(), retainOptions())
			if err != nil {
				t.Fatal(err)
			}
			requests, _ := since()
			records := slices.DeleteFunc(writes(requests), func(w string) bool { return !strings.Contains(w, "sh.helm.release") })
			if len(records) != 1 {
				t.Errorf("the record was written by %v", records)
			}
			if w := writes(requests); !strings.HasPrefix(w[0], "POST /api/v1/namespaces/coder-satellite/secrets") {
				t.Errorf("the backup is not first: %v", w)
			}
			since = r.server.count()
			options := retainOptions()
			options.Operator, options.Now = "bob@example.com", noon().Add(time.Hour)
			second, err := r.of(r.find()).Retain(context.Background(), options)
			if err != nil {
				t.Fatal(err)
			}
			requests, _ = since()
			if w := writes(requests); len(w) != 0 {
				t.Errorf("the second run writes: %v", w)
			}
			if diff := cmp.Diff(first, second); diff != "" {
				t.Error(diff)
			}
			want := &journal.Ledger{
				Namespace: home, Release: name, Revision: 1, RecordBefore: first.RecordBefore, Backup: first.Backup,
				Operator: "ann@example.com", Reason: "moving to a satellite", At: noon(),
			}
			if diff := cmp.Diff(want, first); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// `helm upgrade` undoes a part of the retention, which is detected and fixed.
func TestUpgradeLosesRetention(t *testing.T) {
	r := newRegion(t, "")
	r.retain(r.legacy(legacyManifest(false, false)))
	old := r.supersede()
	next := helmRelease(home, name, chartName, legacyManifest(false, false), 2, helmrelease.StatusDeployed)
	next.Labels = old.Labels // as Helm does
	r.install(next)
	release := r.find()
	retention, readiness := r.inspect(release)
	want := Retention{Missing: []string{
		"backup of revision 2 as it is now", "keep policy in the stored manifest of revision 2",
		"annotations coder-satellite.dev/retained-reason, -at and -by on the record of revision 2",
		"annotation helm.sh/resource-policy=keep on the live ServiceAccount/coder, ServiceAccount/coder-workspace-provider-environments, Role/coder, RoleBinding/coder, Service/envproxy, Deployment/envproxy",
	}}
	if diff := cmp.Diff(want, retention); diff != "" {
		t.Error(diff)
	}
	if !readiness.Ready {
		t.Errorf("problems %v", readiness.Problems)
	}
	r.retain(release)
	if retention, _ := r.inspect(r.find()); !retention.Complete {
		t.Errorf("retention %+v", retention)
	}
}

// After a failed upgrade, Helm's uninstall follows the manifest of the failed revision, so that
// one must be retained as well.
func TestFailedUpgradeIsRetainedToo(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	if err := r.helm(home).Create(helmRelease(home, name, chartName, legacyManifest(false, true), 2, helmrelease.StatusFailed)); err != nil {
		t.Fatal(err)
	}
	release := r.find()
	if release.Revision != 1 || release.LatestRevision != 2 {
		t.Fatalf("found %+v", release)
	}
	r.retain(release)
	retention, readiness := r.inspect(r.find())
	if !retention.Complete {
		t.Errorf("retention %+v", retention)
	}
	if readiness.Ready || !strings.Contains(strings.Join(readiness.Problems, ";"), "--namespace coder rollback coder-workspace-provider 1") {
		t.Errorf("problems %v", readiness.Problems)
	}
	if err := r.helmUninstall(false); err != nil {
		t.Fatal(err)
	}
	for _, ref := range release.Objects {
		if !r.exists(ref) {
			t.Errorf("%s is gone", ref)
		}
	}
	lost := r.find()
	if lost.Revision != 1 {
		t.Errorf("found %#v", lost)
	}
	if err := r.of(lost).RestoreRecord(context.Background()); err != nil {
		t.Fatal(err)
	}
	if back := r.find(); back.RecordMissing || back.Revision != 1 {
		t.Errorf("found %+v", back)
	}
}

func TestRetainErrors(t *testing.T) {
	const record = "/api/v1/namespaces/coder/secrets/sh.helm.release.v1.coder-workspace-provider.v1"
	answering := func(status int, method, path string) func(r *region) {
		return func(r *region) {
			r.server.failing(func(m, p string) int { return map[bool]int{true: status}[m == method && strings.HasPrefix(p, path)] })
		}
	}
	for title, test := range map[string]struct {
		set  func(r *region)
		want string
		// unchanged is set if not even a backup may be written.
		unchanged bool
	}{
		"pending upgrade": {func(r *region) {
			if err := r.helm(home).Create(helmRelease(home, name, chartName, "", 2, helmrelease.StatusPendingUpgrade)); err != nil {
				r.t.Fatal(err)
			}
		}, "is in pending-upgrade at revision 2: a Helm operation is running or was killed; if nobody runs one, `helm --kube-context test --namespace coder rollback coder-workspace-provider 1` ends it", true},
		"conflict":              {answering(409, "PUT", record), "was changed by somebody else at the same moment", false},
		"forbidden to update":   {answering(403, "PUT", record), "may not be updated", false},
		"forbidden to back up":  {answering(403, "POST", "/api/v1/namespaces/coder-satellite/secrets"), "so the release was left as it is", true},
		"no namespace":          {answering(404, "POST", "/api/v1/namespaces/coder-satellite/secrets"), "so the release was left as it is", true},
		"forbidden to annotate": {answering(403, "PATCH", "/apis/apps/v1/"), "Deployment/envproxy in namespace coder cannot be annotated", false},
		"forbidden to look":     {answering(500, "GET", "/apis/apps/v1/namespaces/coder/deployments/envproxy"), "Deployment/envproxy in namespace coder cannot be read", true},
	} {
		t.Run(title, func(t *testing.T) {
			r := newRegion(t, "")
			r.legacy(legacyManifest(false, false))
			test.set(r)
			before := r.server.dump(t)
			release := r.find()
			_, err := r.of(release).Retain(context.Background(), retainOptions())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if strings.Contains(err.Error(), token) {
				t.Errorf("shows the token: %v", err)
			}
			if diff := cmp.Diff(before, r.server.dump(t)); test.unchanged && diff != "" {
				t.Error(diff)
			}
			r.server.failing(nil)
			if title == "pending upgrade" {
				return
			}
			r.retain(r.find()) // repeating it fixes the release
			if retention, _ := r.inspect(r.find()); !retention.Complete {
				t.Errorf("retention %+v", retention)
			}
		})
	}
}
