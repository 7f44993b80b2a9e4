package workspaces

import (
	"cmp"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// Rules decide which of the waiting workspaces may be rebuilt.
type Rules struct {
	IdleFor       time.Duration // how long nobody must have been connected to a workspace that is on
	IncludeActive bool          // rebuild those that are in use, too
	ExcludeOwners []string      // IDs of users whose workspaces are left alone
}

// Choice is the decision about a workspace.
type Choice struct {
	Workspace coder.Workspace
	State     v1alpha1.WorkspaceState
	Rebuild   bool   // it waits and may be rebuilt
	Reason    string // why it is left alone; empty if it is to be rebuilt
}

// Judge decides about a workspace at that time, by the primary's clock. Builds after since use the provider's present path.
func (r Rules) Judge(w coder.Workspace, since, now time.Time) Choice {
	choice := Choice{Workspace: w, State: StateOf(w, since)}
	idle := now.Sub(w.LastConnectionAt)
	switch {
	case choice.State != v1alpha1.WorkspaceWaiting:
		choice.Reason = map[v1alpha1.WorkspaceState]string{
			v1alpha1.WorkspaceAdopted:  "it was built since the switch",
			v1alpha1.WorkspaceBuilding: "it is being built",
			v1alpha1.WorkspaceFailed:   "its last build failed: its owner has to look at it",
		}[choice.State]
	case slices.Contains(r.ExcludeOwners, w.UserID):
		choice.Reason = "its owner is excluded"
	case w.LatestStat.ContainerStatus != coder.ContainerOff && idle < r.IdleFor && !r.IncludeActive:
		choice.Reason = "it may be in use: its owner was connected " + duration.HumanDuration(max(idle, 0)) + " ago"
	default:
		choice.Rebuild = true
	}
	return choice
}

// gentlest orders choices by how little a rebuild disturbs users: first workspaces that are off, then those without a
// connection for the longest time, and last those that are left alone.
func gentlest(a, b Choice) int {
	return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Workspace.LastConnectionAt.Compare(b.Workspace.LastConnectionAt),
		cmp.Compare(a.Workspace.Name, b.Workspace.Name), cmp.Compare(a.Workspace.ID, b.Workspace.ID))
}

func rank(c Choice) int {
	switch {
	case c.Rebuild && c.Workspace.LatestStat.ContainerStatus == coder.ContainerOff:
		return 0
	case c.Rebuild:
		return 1
	case c.State == v1alpha1.WorkspaceWaiting:
		return 2
	}
	return 3
}
