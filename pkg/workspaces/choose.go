package workspaces

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Rules say which of the workspaces that wait may be rebuilt.
type Rules struct {
	// Since is the time that builds must be later than to use the provider's present path.
	Since time.Time
	// IdleFor is how long nobody must have been connected to a workspace that is on.
	IdleFor time.Duration
	// IncludeActive rebuilds those that are in use, too.
	IncludeActive bool
	// ExcludeOwners are the IDs of users whose workspaces are left alone.
	ExcludeOwners []string
}

// Choice says of a workspace whether it is to be rebuilt, and why not.
type Choice struct {
	Workspace coder.Workspace
	State     v1alpha1.WorkspaceState
	// Rebuild is set if it waits and may be rebuilt.
	Rebuild bool
	// Reason is why it may not; empty if it may, or does not wait.
	Reason string
}

// Choose judges the workspaces at that time, by the operator's clock. Those to rebuild come
// first: the ones that are off, and then those that nobody was connected to for longest.
func (r Rules) Choose(list []coder.Workspace, now time.Time) []Choice {
	choices := make([]Choice, 0, len(list))
	for _, w := range list {
		choices = append(choices, r.judge(w, now))
	}
	slices.SortStableFunc(choices, func(a, b Choice) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Workspace.LastConnectionAt.Compare(b.Workspace.LastConnectionAt),
			cmp.Compare(a.Workspace.Name, b.Workspace.Name))
	})
	return choices
}

// rank orders choices by how little a rebuild takes from anybody.
func rank(c Choice) int {
	switch {
	case c.Rebuild && c.Workspace.LatestStat.ContainerStatus == coder.ContainerOff:
		return 0
	case c.Rebuild:
		return 1
	case c.State == v1alpha1.WorkspaceWaiting:
		return 2
	default:
		return 3
	}
}

func (r Rules) judge(w coder.Workspace, now time.Time) Choice {
	choice := Choice{Workspace: w, State: StateOf(w, r.Since)}
	idle := now.Sub(w.LastConnectionAt)
	switch {
	case choice.State != v1alpha1.WorkspaceWaiting:
	case slices.Contains(r.ExcludeOwners, w.UserID):
		choice.Reason = "its owner is excluded"
	case w.LatestStat.ContainerStatus != coder.ContainerOff && idle < r.IdleFor && !r.IncludeActive:
		choice.Reason = "it may be in use: " + lastConnected(idle)
	default:
		choice.Rebuild = true
	}
	return choice
}

func lastConnected(ago time.Duration) string {
	if ago < time.Minute {
		return "its owner was connected within the last minute"
	}
	return fmt.Sprintf("its owner was connected %s ago", ago.Round(time.Minute))
}
