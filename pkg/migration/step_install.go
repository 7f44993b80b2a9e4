package migration

import (
	"context"
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// installSatellite installs or upgrades the satellite's release and waits
// until it is ready.
type installSatellite struct{}

func (installSatellite) Name() string { return "install-satellite" }

func (installSatellite) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemSatellite, snapshot.ItemChart}
}

func (installSatellite) Decide(s *snapshot.Snapshot) Decision {
	state, known := s.Satellite.Get()
	if !known {
		return blocked(fmt.Sprintf("the satellite's release could not be examined: %v", s.Satellite.Err()))
	}
	spec, known := s.Spec.Get()
	if !known {
		return blocked(fmt.Sprintf("the satellite's values are not usable: %v", s.Spec.Err()))
	}
	chart, known := s.Chart.Get()
	if !known {
		return blocked(fmt.Sprintf("the satellite's chart is not usable: %v", s.Chart.Err()))
	}
	same, differences := state.Matches(spec, chart)
	wanted := fmt.Sprintf("%s %s as %s/%s", chart.Metadata.Name, chart.Metadata.Version, s.Region.Namespace, s.Region.Release)
	switch {
	case same && state.Ready:
		return already(fmt.Sprintf("%s is deployed and ready, revision %d", wanted, state.Revision))
	case same:
		return check(fmt.Sprintf("%s is deployed; wait until it is ready: %s", wanted, state.Blocker))
	case state.Pending:
		return change(fmt.Sprintf("finish %s: an earlier Helm run left it %s", wanted, state.LastStatus), differences...)
	case state.Revision == 0:
		return change("install "+wanted, differences...)
	default:
		return change(fmt.Sprintf("upgrade to %s from revision %d", wanted, state.Revision), differences...)
	}
}

func (installSatellite) Apply(ctx context.Context, run *Run) error {
	options := satellite.Options{
		Clock:    run.Clock,
		Progress: func(message string) { run.Progress("%s", message) },
		// This run holds the lock, so that an earlier run which the journal knows has ended.
		MayClearPending: len(run.Record.History) > 0,
	}
	spec := run.Now.Spec.Value()
	if same, _ := run.Now.Satellite.Value().Matches(spec, run.Now.Chart.Value()); same {
		err := run.Source.Satellite().Wait(ctx, options)
		if blocked := new(satellite.BlockedError); !errors.As(err, &blocked) || !blocked.Hopeless || ctx.Err() != nil {
			return err
		}
		// The record is as it should be, and the objects are not: somebody changed them.
		run.Progress("applying the chart again, because waiting does not help: %v", err)
	}
	_, err := run.Source.Satellite().Apply(ctx, spec, run.Now.Chart.Value(), options)
	return err
}
