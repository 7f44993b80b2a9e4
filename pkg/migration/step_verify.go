package migration

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifySatellite proves that the primary's API answers through the satellite.
type verifySatellite struct{}

func (verifySatellite) Name() string { return "verify-satellite" }

func (verifySatellite) Reads() []snapshot.Item { return []snapshot.Item{snapshot.ItemEndpoint} }

func (verifySatellite) Decide(s *snapshot.Snapshot) Decision {
	if err := answersForPrimary(s); err != nil {
		return check("wait until the primary's API answers through the satellite")
	}
	return already("the primary's API answers through the satellite")
}

func (v verifySatellite) Apply(ctx context.Context, run *Run) error {
	return run.WaitFor(ctx, "waiting for the primary's API through the satellite", v.Reads(), answersForPrimary)
}
