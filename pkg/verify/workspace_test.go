package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

func TestChoose(t *testing.T) {
	me, provider := coder.User{ID: "me", Email: "ann@example.com"}, coder.Provider{ID: "p", Name: "sydney"}
	workspace := func(name, owner string, status coder.ContainerStatus, built int64) coder.Workspace {
		return coder.Workspace{
			ID: "id-" + name, Name: name, UserID: owner, ProviderID: "p", LastBuiltAt: time.Unix(built, 0),
			LatestStat: coder.WorkspaceStat{ContainerStatus: status},
		}
	}
	old, fresh := workspace("old", "me", coder.ContainerOn, 1), workspace("new", "me", coder.ContainerOn, 2)
	off, failed := workspace("off", "me", coder.ContainerOff, 9), workspace("failed", "me", coder.ContainerFailed, 9)
	theirs := workspace("theirs", "somebody", coder.ContainerOn, 9)
	for _, test := range []struct {
		name       string
		wish       string
		workspaces []coder.Workspace
		want       string
		err        string
	}{
		{name: "the last built of those that are on", workspaces: []coder.Workspace{off, old, theirs, fresh, failed}, want: "new"},
		{name: "auto", wish: "auto", workspaces: []coder.Workspace{fresh, old}, want: "new"},
		{name: "built at once, by name", workspaces: []coder.Workspace{workspace("b", "me", coder.ContainerOn, 1), workspace("a", "me", coder.ContainerOn, 1)}, want: "a"},
		{name: "by name", wish: "old", workspaces: []coder.Workspace{fresh, old}, want: "old"},
		{name: "by ID", wish: "id-old", workspaces: []coder.Workspace{fresh, old}, want: "old"},
		{name: "none is on", workspaces: []coder.Workspace{off, theirs}, err: `no workspace of ann@example.com on provider "sydney" is ON: turn one on`},
		{name: "none at all", err: "no workspace of ann@example.com"},
		{name: "named, off", wish: "off", workspaces: []coder.Workspace{fresh, off}, err: `workspace "off" is OFF: turn it on, or name another with --workspace`},
		{name: "named, somebody else's", wish: "theirs", workspaces: []coder.Workspace{fresh, theirs}, err: `ann@example.com has no workspace "theirs" on provider "sydney", and only its owner can connect`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Choose(test.wish, me, provider, test.workspaces)
			switch {
			case test.err == "" && (err != nil || got.Name != test.want):
				t.Errorf("%q, %v; want %q", got.Name, err, test.want)
			case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
				t.Errorf("%q, %v; want an error with %q", got.Name, err, test.err)
			}
		})
	}
}
