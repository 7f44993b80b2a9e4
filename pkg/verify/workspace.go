package verify

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Choose picks the workspace to connect to among those of a provider. "auto" or "" means the operator's own that is ON
// and was built last; any other wish is a name or ID. The error says what to type if there is no such workspace.
func Choose(wish string, me coder.User, provider coder.Provider, workspaces []coder.Workspace) (chosen coder.Workspace, err error) {
	own := slices.DeleteFunc(slices.Clone(workspaces), func(w coder.Workspace) bool { return w.UserID != me.ID })
	off := func(w coder.Workspace) bool { return w.LatestStat.ContainerStatus != coder.ContainerOn }
	auto := wish == "" || wish == "auto"
	if auto {
		own = slices.DeleteFunc(own, off)
	} else {
		own = slices.DeleteFunc(own, func(w coder.Workspace) bool { return w.Name != wish && w.ID != wish })
	}
	switch {
	case auto && len(own) == 0:
		return chosen, fmt.Errorf("no workspace of %s on provider %q is ON: turn one on, for only its owner can connect to a workspace", me.Email, provider.Name)
	case len(own) == 0:
		return chosen, fmt.Errorf("%s has no workspace %q on provider %q, and only its owner can connect to a workspace: name another with --workspace",
			me.Email, wish, provider.Name)
	case !auto && off(own[0]):
		return chosen, fmt.Errorf("workspace %q is %s: turn it on, or name another with --workspace", wish, own[0].LatestStat.ContainerStatus)
	case !auto:
		return own[0], nil
	}
	return slices.MaxFunc(own, func(a, b coder.Workspace) int {
		return cmp.Or(a.LastBuiltAt.Compare(b.LastBuiltAt), cmp.Compare(b.Name, a.Name))
	}), nil
}
