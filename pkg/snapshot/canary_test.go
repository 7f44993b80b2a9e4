package snapshot_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func workspace(id, name, user string, status coder.ContainerStatus) coder.Workspace {
	return coder.Workspace{ID: id, Name: name, UserID: user, LatestStat: coder.WorkspaceStat{ContainerStatus: status}}
}

func TestChooseCanary(t *testing.T) {
	var (
		on     = workspace("1", "on", "me", coder.ContainerOn)
		off    = workspace("2", "off", "me", coder.ContainerOff)
		off2   = workspace("3", "also-off", "me", coder.ContainerOff)
		failed = workspace("4", "failed", "me", coder.ContainerFailed)
		theirs = workspace("5", "theirs", "you", coder.ContainerOff)
		twin   = workspace("6", "on", "you", coder.ContainerOff)
		twin2  = workspace("7", "theirs", "another", coder.ContainerOff)
	)
	for name, test := range map[string]struct {
		wish       string
		workspaces []coder.Workspace
		want       string // the ID; "" for an error
		says       string
	}{
		"off before on":           {"auto", []coder.Workspace{on, off}, "2", "and off"},
		"no wish is auto":         {"", []coder.Workspace{on, off}, "2", "and off"},
		"by name among the off":   {"auto", []coder.Workspace{off, on, off2}, "3", "and off"},
		"failed before on":        {"auto", []coder.Workspace{on, failed}, "4", "not off"},
		"on if there is no other": {"auto", []coder.Workspace{theirs, on}, "1", "keeps only its home directory"},
		"never another's":         {"auto", []coder.Workspace{theirs}, "", "--canary"},
		"none at all":             {"auto", nil, "", `provider "sydney"`},
		"named":                   {"on", []coder.Workspace{off, on}, "1", "named, and the operator's own"},
		"named, own first":        {"on", []coder.Workspace{twin, on}, "1", "the operator's own"},
		"named, another's":        {"theirs", []coder.Workspace{on, theirs}, "5", "another user"},
		"by ID":                   {"7", []coder.Workspace{theirs, twin2}, "7", "another user"},
		"named, two others'":      {"theirs", []coder.Workspace{theirs, twin2}, "", "name it by its ID"},
		"named, elsewhere":        {"gone", []coder.Workspace{on}, "", `canary workspace "gone" is not on provider "sydney"`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := snapshot.ChooseCanary(test.wish, coder.User{ID: "me", Email: "me@example.com"}, coder.Provider{Name: "sydney"}, test.workspaces)
			said := got.Reason
			if err != nil {
				said = err.Error()
			}
			if got.Workspace.ID != test.want || (err == nil) != (test.want != "") || got.None || !strings.Contains(said, test.says) {
				t.Errorf("%q, %q, %v", got.Workspace.ID, got.Reason, err)
			}
		})
	}
}

// Auto chooses only a workspace of the operator's own, and none that is running if another is
// off.
func TestAutoCanaryIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workspaces := rapid.SliceOf(rapid.Custom(func(t *rapid.T) coder.Workspace {
			name := rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "name")
			return workspace(name, name, rapid.SampledFrom([]string{"me", "you"}).Draw(t, "user"),
				rapid.SampledFrom([]coder.ContainerStatus{coder.ContainerOn, coder.ContainerOff, coder.ContainerFailed, coder.ContainerCreating, "NEW"}).Draw(t, "status"))
		})).Draw(t, "workspaces")
		own, ownOff := 0, 0
		for _, w := range workspaces {
			if w.UserID == "me" {
				own++
				if w.LatestStat.ContainerStatus == coder.ContainerOff {
					ownOff++
				}
			}
		}
		got, err := snapshot.ChooseCanary("auto", coder.User{ID: "me"}, coder.Provider{}, workspaces)
		switch {
		case (err == nil) != (own > 0):
			t.Errorf("%d of %v are the operator's: %v", own, workspaces, err)
		case err == nil && got.Workspace.UserID != "me":
			t.Errorf("another user's workspace: %+v", got.Workspace)
		case err == nil && ownOff > 0 && got.Workspace.LatestStat.ContainerStatus != coder.ContainerOff:
			t.Errorf("%+v, although %d are off", got.Workspace, ownOff)
		}
	})
}
