package migration

import (
	"context"
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/verify"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// verifyConnectivity proves that the region works as migrated: the primary's API answers through the satellite, the canary's
// build succeeded, and, if the canary is the operator's own, a connection to it through the satellite carries data.
func verifyConnectivity() Step {
	items := []snapshot.Item{
		snapshot.ItemEndpoint, snapshot.ItemCanary, snapshot.ItemJournal,
		snapshot.ItemProvider, snapshot.ItemSatellite, snapshot.ItemRegistrations,
	}
	return Step{
		Name: "verify-connectivity", Owner: OwnerProvider, ProvesNewPath: true,
		Reads:  items,
		Rights: primaryOnly,
		Decide: decideConnectivity,
		Apply: func(ctx context.Context, run *Run) error {
			if connected(run.Now) != nil { // run.Now has just been read
				if err := run.WaitFor(ctx, "waiting for the region to work as migrated", items, connected); err != nil {
					return err
				}
			}
			return reachCanary(ctx, run)
		},
	}
}

func decideConnectivity(s *snapshot.Snapshot) Decision {
	if err := connected(s); err != nil {
		return check("reach the primary%s, and see the canary on", throughSatellite(s))
	}
	if canary := toReach(s); canary != nil {
		return check("connect to workspace %q%s, as its owner's clients do", canary.Name, throughSatellite(s))
	}
	return already("the primary answers%s%s", throughSatellite(s), canaryProof(s))
}

// throughSatellite says how users connect; "" if they connect at the primary.
func throughSatellite(s *snapshot.Snapshot) string {
	if s.Region.Satellite.None() {
		return ""
	}
	return " through the satellite"
}

// connected returns nil if the region works as migrated.
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
		return fmt.Errorf("workspace %q has not been rebuilt since the switch", canary.Workspace.Name)
	default:
		return nil
	}
}

func canaryProof(s *snapshot.Snapshot) string {
	canary, record := s.Canary.Value(), s.ProviderJournal.Value()
	if canary.None {
		return "; no canary was asked for"
	}
	text := fmt.Sprintf(", and workspace %q was rebuilt after the switch", canary.Workspace.Name)
	switch {
	case record.Canary.Reached:
		return text + ", and reached as its owner's clients do"
	case !ownCanary(s):
		return text + "; it is somebody else's, and only its owner can connect to it"
	case !workspaces.Built(canary.Workspace):
		return text + "; it is off, and no connection to it was tried"
	default: // rebuilt by a finalization, after the canary was reached
		return text
	}
}

// ownCanary reports whether the canary is the operator's: only then can the operator connect to it.
func ownCanary(s *snapshot.Snapshot) bool {
	me, known := s.Primary.Me.Get()
	return known && s.Canary.Value().Workspace.UserID == me.ID
}

// toReach returns the canary if a connection to it has to be tried; nil after a successful one, or if none is possible. The
// canary of a finalization has been reached before.
func toReach(s *snapshot.Snapshot) *coder.Workspace {
	canary, record := s.Canary.Value(), s.ProviderJournal.Value()
	if canary.None || !ownCanary(s) || record == nil || record.Canary == nil || record.Canary.Reached ||
		record.Canary.Proves != journal.ProvesSatellite || !workspaces.Built(canary.Workspace) {
		return nil
	}
	return &canary.Workspace
}

// Limits of the connection to the canary. An agent takes a moment to come up; no two places on earth are a second apart.
const (
	reachTime     = time.Minute
	reachPings    = 20
	reachLoss     = 20
	reachPatience = time.Second
	reachLossy    = 2
)

// reachCanary connects to the canary as its owner's clients do, and records it.
func reachCanary(ctx context.Context, run *Run) error {
	canary := toReach(run.Now)
	if canary == nil {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, reachTime, fmt.Errorf("it could not be reached within %s", reachTime))
	defer cancel()
	options := verify.Options{Pings: reachPings, MaxLoss: reachLoss, Briefly: true, Patience: reachPatience}
	lossy := 0
	return run.until(ctx, fmt.Sprintf("connecting to workspace %q", canary.Name), func() error {
		connection, err := verify.Users(ctx, run.Source, run.Now, canary.ID, options)
		if err != nil && connection.RoundTrip != nil && connection.RoundTrip.Sent > 0 {
			lossy++
		}
		switch {
		case lossy == reachLossy:
			return hopeless(err)
		case err != nil:
			return err
		}
		run.ProviderRecord.Canary.Reached = true
		run.Progress("workspace %q answers in %s", canary.Name, time.Duration(connection.RoundTrip.MedianMicroseconds)*time.Microsecond)
		return nil
	})
}
