package workspaces

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

var now = time.Date(2022, 3, 4, 12, 0, 0, 0, time.UTC)

// workspace is a workspace in this state that was built this long ago.
func workspace(id, owner string, built time.Duration, status coder.ContainerStatus) coder.Workspace {
	return coder.Workspace{ID: id, UserID: owner, LastBuiltAt: now.Add(-built), LatestStat: coder.WorkspaceStat{ContainerStatus: status}}
}

func building(w coder.Workspace) coder.Workspace {
	w.Updating = true
	return w
}

func TestStateOf(t *testing.T) {
	for name, test := range map[string]struct {
		w    coder.Workspace
		want v1alpha1.WorkspaceState
	}{
		"built since":            {workspace("w", "u", time.Minute, coder.ContainerOn), v1alpha1.WorkspaceAdopted},
		"built since, and off":   {workspace("w", "u", time.Minute, coder.ContainerOff), v1alpha1.WorkspaceAdopted},
		"the latest before":      {workspace("w", "u", time.Hour, coder.ContainerOn), v1alpha1.WorkspaceWaiting},
		"long before, off":       {workspace("w", "u", 2*time.Hour, coder.ContainerOff), v1alpha1.WorkspaceWaiting},
		"nobody knows its state": {workspace("w", "u", 2*time.Hour, coder.ContainerUnknown), v1alpha1.WorkspaceWaiting},
		"being built":            {building(workspace("w", "u", time.Minute, coder.ContainerCreating)), v1alpha1.WorkspaceBuilding},
		"being built, since":     {building(workspace("w", "u", 2*time.Hour, coder.ContainerOn)), v1alpha1.WorkspaceBuilding},
		"failed since":           {workspace("w", "u", time.Minute, coder.ContainerFailed), v1alpha1.WorkspaceFailed},
		"failed before":          {workspace("w", "u", 2*time.Hour, coder.ContainerFailed), v1alpha1.WorkspaceFailed},
	} {
		t.Run(name, func(t *testing.T) {
			if got := StateOf(test.w, now.Add(-time.Hour)); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestCount(t *testing.T) {
	list := []coder.Workspace{
		workspace("a", "u", time.Minute, coder.ContainerOn), workspace("b", "u", time.Minute, coder.ContainerOff),
		workspace("c", "u", 2*time.Hour, coder.ContainerOn), workspace("d", "u", 2*time.Hour, coder.ContainerUnknown),
		workspace("e", "u", 2*time.Hour, coder.ContainerOff), building(workspace("f", "u", time.Minute, coder.ContainerCreating)),
		workspace("g", "u", time.Minute, coder.ContainerFailed),
	}
	want := v1alpha1.Adoption{Total: 7, Adopted: 2, WaitingOn: 2, WaitingOff: 1, Building: 1, Failed: 1}
	got := count(list, now.Add(-time.Hour))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const words = "2 of 7 workspaces were built since the switch, 2 on and waiting for a rebuild, 1 off and waiting for a rebuild, 1 being built, 1 failed to build"
	if Complete(got) || Describe(got) != words {
		t.Errorf("%q", Describe(got))
	}
	for words, all := range map[string]v1alpha1.Adoption{
		"the provider has no workspaces": {}, "the one workspace was built since the switch": {Total: 1, Adopted: 1},
		"all 2 workspaces were built since the switch": {Total: 2, Adopted: 2},
	} {
		if !Complete(all) || Describe(all) != words {
			t.Errorf("%q, want %q", Describe(all), words)
		}
	}
}

func TestImpact(t *testing.T) {
	list := []coder.Workspace{
		connectedAt(workspace("a", "ann", time.Hour, coder.ContainerOn), time.Minute),
		connectedAt(workspace("b", "ann", time.Hour, coder.ContainerOff), 2*time.Hour),
		connectedAt(workspace("c", "bob", time.Hour, coder.ContainerOn), 2*time.Hour),
		workspace("d", "cid", time.Hour, coder.ContainerUnknown), workspace("e", "dan", time.Hour, coder.ContainerFailed),
	}
	for version, rebuilds := range map[string]bool{"1.21.0": false, "1.21.1": true, "1.21.7": true, "1.22.0": true, "1.20.4": false, "2.0.0": true} {
		v, err := coder.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		want := v1alpha1.Impact{Workspaces: 5, On: 3, Users: 4, ConnectedLastHour: 1, RebuiltBySwitch: rebuilds}
		if diff := cmp.Diff(want, ImpactOf(list, v, now)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", version, diff)
		}
	}
}

// The notes of a switch show later which workspaces were built since then, by the primary's clock
// alone, and which of them the primary rebuilds.
func TestSwitched(t *testing.T) {
	list := []coder.Workspace{
		workspace("on", "u", time.Hour, coder.ContainerOn), workspace("off", "u", 2*time.Hour, coder.ContainerOff),
		building(workspace("building", "u", 3*time.Hour, coder.ContainerOff)),
	}
	latest := now.Add(-time.Hour)
	noted := Switched(true, now, list, true)
	if diff := cmp.Diff(&journal.Switch{On: true, At: now, LatestBuild: &latest, Running: []string{"on", "building"}}, noted); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&journal.Switch{At: now}, Switched(false, now, list, false)); diff != "" {
		t.Errorf("not listed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&journal.Switch{At: now, LatestBuild: new(time.Time)}, Switched(false, now, nil, true)); diff != "" {
		t.Errorf("without workspaces (-want +got):\n%s", diff)
	}
	later := []coder.Workspace{
		building(workspace("on", "u", 0, coder.ContainerCreating)), building(workspace("off", "u", 0, coder.ContainerCreating)),
		workspace("building", "u", 0, coder.ContainerOn),
	}
	if got := Rebuilding(later, noted); len(got) != 1 || got[0].ID != "on" {
		t.Errorf("being rebuilt: %+v", got)
	}
	if got := Rebuilding(later, nil); len(got) != 0 {
		t.Errorf("without a switch: %+v", got)
	}
}
