package verify

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// trusted returns why the satellite at the access URL must not get a token: it does not answer, serves another key than
// the one in the cluster, or is not registered. It returns nil if it may.
func trusted(s *snapshot.Snapshot) error {
	own, err := s.ServesOwnKey()
	switch {
	case err != nil:
		return fmt.Errorf("cannot determine whether the satellite at %s is the region's own: %w", s.Region.Satellite.AccessURL, err)
	case !own:
		return fmt.Errorf("%s serves another key than the one in the cluster: see `kubectl coder-satellite status`", s.Region.Satellite.AccessURL)
	}
	if !s.Registrations.IsKnown() {
		return fmt.Errorf("the registered satellites are unknown: %w", s.Registrations.Err())
	}
	if _, registered := s.Registration(); !registered {
		return fmt.Errorf("the satellite at %s is not registered at the primary: run `kubectl coder-satellite migrate`",
			s.Region.Satellite.AccessURL)
	}
	return nil
}
