package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifyConnectivity proves that the region works as migrated: the primary's
// API answers through the satellite, and the canary's build ended well.
func verifyConnectivity() Step {
	items := []snapshot.Item{snapshot.ItemEndpoint, snapshot.ItemCanary, snapshot.ItemJournal, snapshot.ItemProvider}
	return Step{
		Name:   "verify-connectivity",
		Owner:  OwnerProvider,
		Reads:  items,
		Rights: primaryOnly,
		Decide: decideConnectivity,
		Apply: func(ctx context.Context, run *Run) error {
			return run.WaitFor(ctx, "waiting for the region to work as migrated", items, connected)
		},
		ProvesNewPath: true,
	}
}

func decideConnectivity(s *snapshot.Snapshot) Decision {
	if err := connected(s); err != nil {
		return check("reach the primary" + throughSatellite(s) + ", and see the canary on")
	}
	return already("the primary answers" + throughSatellite(s) + canaryProof(s))
}

// throughSatellite says how users connect; nothing, if they do so at the primary.
func throughSatellite(s *snapshot.Snapshot) string {
	if s.Region.Satellite.None() {
		return ""
	}
	return " through the satellite"
}

// connected returns nil when the region works as migrated.
func connected(s *snapshot.Snapshot) error {
	if err := s.PathAnswers(); err != nil {
		return err
	}
	if err := usesNetworkingV2(s); err != nil {
		return err
	}
	canary, known := s.Canary.Get()
	switch {
	case !known:
		return s.Canary.Err()
	case canary.None:
		return nil
	case canary.Workspace.LatestStat.ContainerStatus == coder.ContainerFailed:
		return hopeless(fmt.Errorf("workspace %q failed: %s", canary.Workspace.Name, canary.Workspace.LatestStat.StatError))
	case !rebuilt(s.ProviderJournal.Value(), canary.Workspace, journal.ProvesSatellite):
		return fmt.Errorf("workspace %q was not rebuilt since the switch", canary.Workspace.Name)
	default:
		return nil
	}
}

func canaryProof(s *snapshot.Snapshot) string {
	canary := s.Canary.Value()
	if canary.None {
		return "; no canary was asked for"
	}
	return fmt.Sprintf(", and workspace %q was rebuilt after the switch", canary.Workspace.Name)
}
