package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestFinalize: the legacy release is removed for good once the primary no longer supports its
// path, except for the objects that Coder needs to provision workspaces. If workspaces do not
// build without it, it is restored.
func TestFinalize(t *testing.T) {
	freshLegacy(t, "sydney")
	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	before := identities(t, "sydney")
	canary, err := lab.Workspace("canary-sydney")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), "sydney"); err != nil {
			t.Error(err)
		}
		plugin(t, 0, on("sydney", "rollback", "--remove-satellite", "--networking-v2-was", "off", "--yes")...)
	})

	stoppedBy(t, "primary-version", []string{"the primary is v1.21.7, which still supports the legacy path", "keep the legacy release for a rollback"}, on("sydney", "finalize")...)

	// the primary is upgraded: the satellite must follow before anything is removed
	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	stoppedBy(t, "satellite-version", []string{"the satellite runs 1.21.7, the primary 1.22.3"}, on("sydney", "finalize")...)
	plugin(t, 0, on("sydney", "migrate", "--yes")...)

	// workspaces do not build without the legacy release
	if err := lab.FailBuilds(canary.ID, "no route to the workspace", true); err != nil {
		t.Fatal(err)
	}
	failed := plugin(t, 1, on("sydney", "finalize", "--yes")...)
	saysAll(t, "finalize", failed.Stdout+failed.Stderr, []string{"no route to the workspace", "the legacy release is restored from its backup"})
	envproxyServes(t, "sydney")
	if now := identities(t, "sydney"); len(now) != len(before) {
		t.Errorf("after the failure there are %v of %v", now, before)
	}
	if diff := cmp.Diff("coder-workspace-provider\n", retainedReleases(t, "sydney")); diff != "" {
		t.Errorf("retained releases after the failure (-want +got):\n%s", diff)
	}

	done := plugin(t, 0, on("sydney", "finalize", "--yes")...)
	saysAll(t, "finalize", done.Stderr, []string{
		"removed: Deployment", "removed: Service", "kept: ServiceAccount/coder", "kept: Role/coder", "kept: RoleBinding/coder",
	})
	now := identities(t, "sydney")
	for _, object := range inlab.LegacyObjects() {
		name := object[strings.Index(object, "/")+1:]
		stays := name == "coder" || strings.HasSuffix(name, "-environments")
		if _, there := now[object]; there != stays {
			t.Errorf("%s is there: %t", object, there)
		}
		if stays && now[object] != before[object] {
			t.Errorf("%s is not the one that it was", object)
		}
	}
	if left := helm(t, "sydney", "list", "--all-namespaces", "--all", "--short"); left != "coder-satellite\n" {
		t.Errorf("Helm lists %q", left)
	}
	if workspace, err := lab.Workspace("canary-sydney"); err != nil || workspace.LatestStat.ContainerStatus != "ON" {
		t.Errorf("the canary is %s, %v", workspace.LatestStat.ContainerStatus, err)
	}
	plugin(t, 0, on("sydney", "status")...)
	plugin(t, 0, on("sydney", "plan", "--detailed-exitcode")...) // the canary is not rebuilt again

	marked := marks(t)
	plugin(t, 0, on("sydney", "finalize", "--yes")...)
	quiet(t, marked)
}
