package health

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func canaryChecks() []Check {
	return in(categoryCanary, check("canary", fails, preflight, canary,
		"Is there a canary workspace, and did its last build succeed?",
		"The canary is rebuilt after the switch to prove that workspaces of the region work. By default it is a workspace of the operator's own on the provider; name another with canary.workspace in the Fleet or --canary, or use \"none\" to go without proof."))
}

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
	name := found.Workspace.Name
	switch status := found.Workspace.LatestStat.ContainerStatus; status {
	case coder.ContainerFailed:
		return fail("coder workspaces rebuild "+name, "workspace %q failed: %s", name, found.Workspace.LatestStat.StatError)
	case coder.ContainerOn, coder.ContainerOff, coder.ContainerCreating:
		return pass("workspace %q is %s", name, status)
	}
	return warn("coder workspaces ls", "the state of workspace %q is %q", name, status)
}
