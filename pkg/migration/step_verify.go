package migration

import (
	"context"
	"fmt"

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

// answersForPrimary returns nil when the primary's own version comes back
// through the satellite.
func answersForPrimary(s *snapshot.Snapshot) error {
	endpoint, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint.Err()
	}
	through, known := endpoint.Version.Get()
	if !known {
		return endpoint.Version.Err()
	}
	direct, known := s.Primary.Version.Get()
	if !known {
		return s.Primary.Version.Err()
	}
	if through != direct {
		return fmt.Errorf("version %s answers through the satellite, but %s at the primary", through, direct)
	}
	return nil
}

func (v verifySatellite) Apply(ctx context.Context, run *Run) error {
	return run.WaitFor(ctx, "waiting for the primary's API through the satellite", v.Reads(), answersForPrimary)
}

func (verifySatellite) Undo(context.Context, *Run) (string, error) {
	return "nothing was changed", nil
}
