package migration

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// verifySatellite proves that the primary's API answers through the satellite.
func verifySatellite() Step {
	items := []snapshot.Item{snapshot.ItemEndpoint}
	return Step{
		Name:   "verify-satellite",
		Owner:  OwnerSatellite,
		Reads:  items,
		Rights: primaryOnly,
		Decide: decideVerify,
		Apply: func(ctx context.Context, run *Run) error {
			return run.WaitFor(ctx, "waiting for the primary's API through the satellite", items, (*snapshot.Snapshot).PathAnswers)
		},
	}
}

func decideVerify(s *snapshot.Snapshot) Decision {
	if err := s.PathAnswers(); err != nil {
		return check("wait until the primary's API answers through the satellite")
	}
	return already("the primary's API answers through the satellite")
}
