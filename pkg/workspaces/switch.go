package workspaces

import (
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// Switched returns what to note of a switch that is about to be made at that time,
// by the operator's clock. list are the provider's workspaces; known is unset if they
// could not be listed.
func Switched(on bool, at time.Time, list []coder.Workspace, known bool) *journal.Switch {
	noted := &journal.Switch{On: on, At: at}
	if !known {
		return noted
	}
	noted.LatestBuild = new(time.Time)
	for _, w := range list {
		if w.LastBuiltAt.After(*noted.LatestBuild) {
			*noted.LatestBuild = w.LastBuiltAt
		}
		if w.LatestStat.ContainerStatus == coder.ContainerOn || w.Updating {
			noted.Running = append(noted.Running, w.ID)
		}
	}
	return noted
}

// Rebuilding returns those of the workspaces that ran when the switch was made and
// are being built: by a primary that rebuilds them itself, a few at a time. Whoever
// builds one that was off meanwhile is not waited for.
func Rebuilding(list []coder.Workspace, noted *journal.Switch) []coder.Workspace {
	return slices.DeleteFunc(slices.Clone(list), func(w coder.Workspace) bool {
		return !w.Updating || noted == nil || !slices.Contains(noted.Running, w.ID)
	})
}
