package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestLongUninstallByMistake: uninstalling a retained release deletes only its record, and
// rollback restores that.
func TestLongUninstallByMistake(t *testing.T) {
	freshLegacy(t, "sydney")
	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	if diff := cmp.Diff("coder-workspace-provider\n", retainedReleases(t, "sydney")); diff != "" {
		t.Errorf("retained releases (-want +got):\n%s", diff)
	}
	before := identities(t, "sydney")

	uninstallLegacy(t, "sydney")
	sameObjects(t, "sydney", before)
	envproxyServes(t, "sydney")
	if left := helm(t, "sydney", "list", "--all-namespaces", "--all", "--short"); left != "coder-satellite\n" {
		t.Errorf("Helm lists %q", left)
	}
	checked(t, "sydney", 1, "legacy-retained", v1alpha1.CheckFail, "the release's record", "somebody uninstalled the release")

	said := plugin(t, 0, on("sydney", "rollback", "--yes")...)
	saysAll(t, "rollback", said.Stderr, []string{"restore coder/coder-workspace-provider from its backup", "Networking v2 off"})
	sameObjects(t, "sydney", before)
	envproxyServes(t, "sydney")
	networking(t, "sydney", false)
	if diff := cmp.Diff("coder-workspace-provider\n", retainedReleases(t, "sydney")); diff != "" {
		t.Errorf("retained releases after rollback (-want +got):\n%s", diff)
	}
	if canary, err := lab.Workspace("canary-sydney"); err != nil || canary.LatestStat.ContainerStatus != "ON" {
		t.Errorf("the canary is %s, %v", canary.LatestStat.ContainerStatus, err)
	}
	checked(t, "sydney", 1, "networking-v2", v1alpha1.CheckFail, "is on the legacy path")
	checked(t, "sydney", 1, "legacy-rollback-ready", v1alpha1.CheckPass)

	// Helm can use the restored record, and so can the next migration
	if manifest := helm(t, "sydney", "get", "manifest", "coder-workspace-provider", "--namespace", "coder"); strings.Count(manifest, "helm.sh/resource-policy: 'keep'") != len(before) {
		t.Errorf("the restored manifest does not keep every object:\n%s", manifest)
	}
	helm(t, "sydney", "upgrade", "coder-workspace-provider", lab.LegacyChart("1.20.0"), "--namespace", "coder", "--reuse-values")
	sameObjects(t, "sydney", before)
	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	plugin(t, 0, on("sydney", "status")...)
}

// TestRetainRestores: retain alone restores the record, and users notice nothing.
func TestRetainRestores(t *testing.T) {
	freshLegacy(t, "sydney")
	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	before := identities(t, "sydney")
	uninstallLegacy(t, "sydney")
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	plugin(t, 0, on("sydney", "retain", "--yes")...)
	quiet(t, nil) // the primary was not changed
	networking(t, "sydney", true)
	sameObjects(t, "sydney", before)
	plugin(t, 0, on("sydney", "status")...)
	plugin(t, 0, on("sydney", "rollback", "--yes")...)
	envproxyServes(t, "sydney")
}

// TestAnnotationsAloneLose: annotating the live objects, as the documentation said, does not
// protect them. This is why retention edits the release's record.
func TestAnnotationsAloneLose(t *testing.T) {
	freshLegacy(t, "ohio")
	t.Cleanup(func() { // before the reset, which needs a legacy release
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), "ohio"); err != nil {
			t.Log(err)
		}
	})
	kubectl(t, "ohio", "--namespace", "coder", "annotate", "serviceaccount/coder", "role/coder", "rolebinding/coder", "helm.sh/resource-policy=keep")
	uninstallLegacy(t, "ohio")
	if left := identities(t, "ohio"); len(left) > 0 {
		t.Errorf("helm uninstall kept %v: is editing the record no longer necessary?", left)
	}
	stoppedBy(t, "legacy-found", []string{"no legacy release was found in all namespaces"}, on("ohio", "migrate")...)
}
