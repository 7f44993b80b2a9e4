package health

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func canary(s *snapshot.Snapshot) Answer {
	found, known := s.Canary.Get()
	if !known && !s.Provider.IsKnown() {
		return unknown(s.Canary.Err(), "") // naming one would not help
	}
	if !known {
		return unknown(s.Canary.Err(), "name one with --canary, or use \"none\"")
	}
	if found.None {
		return skip("no canary was asked for")
	}
	name, status := found.Workspace.Name, found.Workspace.LatestStat.ContainerStatus
	switch status {
	case coder.ContainerFailed:
		return fail("coder workspaces rebuild "+name, "workspace %q failed: %s", name, found.Workspace.LatestStat.StatError)
	case coder.ContainerOn, coder.ContainerOff, coder.ContainerCreating:
		return pass("workspace %q is %s", name, status)
	}
	return warn("coder workspaces ls", "the state of workspace %q is %q", name, status)
}
