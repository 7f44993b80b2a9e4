package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// built waits until the workspace is ON and no build of it is in progress, and returns it.
func built(t *testing.T, name string) (workspace codertest.Workspace) {
	t.Helper()
	eventually(t, "the build of "+name, func() bool {
		var err error
		if workspace, err = lab.Workspace(name); err != nil {
			t.Fatal(err)
		}
		return !workspace.Updating && workspace.LatestStat.ContainerStatus == "ON"
	})
	return workspace
}

// switchOff switches a workspace off. Otherwise Coder itself would rebuild it when Networking v2
// is toggled, before the plugin requests that.
func switchOff(t *testing.T, name string) (workspace codertest.Workspace) {
	t.Helper()
	eventually(t, "a build of "+name+" that is under way", func() bool {
		var err error
		if workspace, err = lab.Workspace(name); err != nil {
			t.Fatal(err)
		}
		return !workspace.Updating
	})
	if err := lab.Call(http.MethodPut, "/api/v0/workspaces/"+workspace.ID+"/stop", nil); err != nil {
		t.Fatal(err)
	}
	return workspace
}

// failNextBuild switches a workspace off and makes its next build fail.
func failNextBuild(t *testing.T, name, message string) {
	t.Helper()
	if err := lab.FailBuilds(switchOff(t, name).ID, message, true); err != nil {
		t.Fatal(err)
	}
}

// TestToggleRebuildsRunningWorkspaces: from 1.21.1 on, Coder itself rebuilds running workspaces,
// the canary included, when Networking v2 is toggled. Builds that the plugin did not request must
// not confuse either verb.
func TestToggleRebuildsRunningWorkspaces(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	canary, err := lab.Workspace("canary-london")
	if err != nil {
		t.Fatal(err)
	}
	if err := lab.Call(http.MethodPatch, "/api/v0/workspaces/"+canary.ID, struct{}{}); err != nil {
		t.Fatal(err)
	}
	times := map[string]time.Time{}
	for _, name := range []string{"canary-london", "work-london", "work-ohio"} {
		times[name] = built(t, name).LastBuiltAt
	}
	for _, verb := range []string{"migrate", "rollback"} {
		plugin(t, 0, on("london", verb, "--yes")...)
		networking(t, "london", verb == "migrate")
		for name, before := range times {
			now := built(t, name).LastBuiltAt
			if rebuilt, want := now.After(before), name != "work-ohio"; rebuilt != want {
				t.Errorf("%s: %s was rebuilt: %t, want %t", verb, name, rebuilt, want)
			}
			times[name] = now
		}
		if verb == "migrate" {
			plugin(t, 0, on("london", "status")...)
		}
	}
}
