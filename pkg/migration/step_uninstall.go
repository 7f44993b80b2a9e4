package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// uninstallSatellite uninstalls the satellite's release.
type uninstallSatellite struct {
	// force uninstalls although the provider uses Networking v2.
	force bool
}

func (uninstallSatellite) Name() string { return "uninstall-satellite" }

func (uninstallSatellite) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemSatellite, snapshot.ItemProvider}
}

func (uninstallSatellite) Decide(s *snapshot.Snapshot) Decision {
	state, known := s.Satellite.Get()
	switch {
	case !known:
		return blocked(fmt.Sprintf("the satellite's release could not be examined: %v", s.Satellite.Err()))
	case state.LastRevision == 0:
		return already("the satellite's release is not installed")
	default:
		return change(fmt.Sprintf("uninstall the release %s/%s", s.Region.Namespace, s.Region.Release))
	}
}

func (u uninstallSatellite) Apply(_ context.Context, run *Run) error {
	if err := inUse(run.Now); err != nil && !u.force {
		return err
	}
	return run.Source.Satellite().Uninstall()
}
