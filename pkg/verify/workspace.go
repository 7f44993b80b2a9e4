package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Choose picks the workspace to connect to among those of a provider. "auto" or "" means the operator's own that is ON
// and was built last; any other wish is a name or ID. The error says what to type if there is no such workspace.
func Choose(wish string, me coder.User, provider coder.Provider, workspaces []coder.Workspace) (coder.Workspace, error) {
	own := slices.DeleteFunc(slices.Clone(workspaces), func(w coder.Workspace) bool { return w.UserID != me.ID })
	if wish != "" && wish != "auto" {
		return named(wish, me, provider, own)
	}
	own = slices.DeleteFunc(own, func(w coder.Workspace) bool { return w.LatestStat.ContainerStatus != coder.ContainerOn })
	if len(own) == 0 {
		return coder.Workspace{}, fmt.Errorf("no workspace of %s on provider %q is ON: turn one on, for only its owner can connect to a workspace",
			me.Email, provider.Name)
	}
	return slices.MaxFunc(own, func(a, b coder.Workspace) int {
		return cmp.Or(a.LastBuiltAt.Compare(b.LastBuiltAt), cmp.Compare(b.Name, a.Name))
	}), nil
}

func named(name string, me coder.User, provider coder.Provider, own []coder.Workspace) (coder.Workspace, error) {
	i := slices.IndexFunc(own, func(w coder.Workspace) bool { return w.Name == name || w.ID == name })
	switch {
	case i < 0:
		return coder.Workspace{}, fmt.Errorf("%s has no workspace %q on provider %q, and only its owner can connect to a workspace: "+
			"name another with --workspace", me.Email, name, provider.Name)
	case own[i].LatestStat.ContainerStatus != coder.ContainerOn:
		return coder.Workspace{}, fmt.Errorf("workspace %q is %s: turn it on, or name another with --workspace",
			name, own[i].LatestStat.ContainerStatus)
	}
	return own[i], nil
}
