package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// lookTimeout is how long a look takes at most, without the commands of gates.
const lookTimeout = 2 * time.Minute

// look looks at a wave whose regions are migrated, or should be, and judges its gates when its soak is over. Only one
// machine does at a time: whoever notes first that it begins.
func (l *loop) look(ctx context.Context, wave fleet.Wave) error {
	at, lease, mine, known := l.now(), lookTimeout, false, WaveState{}
	for _, gate := range wave.Gates {
		if len(gate.Exec) > 0 {
			lease += execTimeout // no command runs twice at once
		}
	}
	err := l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool {
		known, mine = *fresh, !at.Before(fresh.due(wave, l.began))
		fresh.Looking = at.Add(lease)
		return mine
	})
	if err != nil || !mine {
		return err
	}
	regions := slices.DeleteFunc(slices.Clone(wave.All), func(region fleet.Region) bool { // those that failed, as the Fleet allows, do not count
		_, bad := known.Failed[region.Name]
		return bad || l.regions[region.Name] == failed
	})
	found := known
	found.Looked, found.Looking = at, time.Time{}
	status, err := l.Status(ctx, regions)
	switch {
	case err != nil || ctx.Err() != nil:
	case len(regions) == 0:
		found.Refused = &Verdict{At: l.now(), Reason: fmt.Sprintf("the migration of all regions of wave %q failed: run `kubectl coder-satellite migrate %s`", wave.Name, wave.Flags)}
	default:
		found = l.judge(ctx, wave, found, status)
	}
	return cmp.Or(err, l.store.Update(context.WithoutCancel(ctx), wave.Name, func(fresh *WaveState) bool {
		if !fresh.Looking.Equal(at.Add(lease)) { // it took so long, perhaps asleep, that another look was made
			return false
		}
		if !fresh.Worked.Equal(known.Worked) { // what this look saw is over
			fresh.Looked, fresh.Looking = found.Looked, found.Looking
			return true
		}
		found.Approval, found.Failed = fresh.Approval, fresh.Failed
		*fresh = found
		return true
	}))
}

// judge returns what is known of the wave after a look at its regions. If ctx has ended, nothing more is.
func (l *loop) judge(ctx context.Context, wave fleet.Wave, known WaveState, status *v1alpha1.StatusReport) WaveState {
	judged := known
	judged.Worked = latest(known.Worked, status)
	bad, unknown := failing(status)
	if len(bad) > 0 {
		judged.Unhealthy = known.Looked
	}
	said, why := fmt.Sprintf("wave %q is good", wave.Name), ""
	switch {
	case len(bad)+len(unknown) > 0:
		said = fmt.Sprintf("wave %q is not good: %s (`kubectl coder-satellite status %s` says why)", wave.Name, some(append(bad, unknown...)), wave.Flags)
	case !known.Looked.Before(judged.since().Add(wave.Soak)):
		for _, gate := range wave.Gates {
			if why == "" {
				why = l.notHeld(ctx, gate, status)
			}
		}
		if said = fmt.Sprintf("wave %q has passed", wave.Name); why != "" {
			said = fmt.Sprintf("wave %q does not pass its gate: %s", wave.Name, why)
			judged.Refused = &Verdict{At: l.now(), Reason: said}
			break
		}
		judged.Passed = &Verdict{At: known.Looked, Regions: fleet.RegionNames(wave.All)}
	}
	if ctx.Err() != nil {
		return known
	}
	l.say("look", said, "")
	return judged
}

// latest returns when a run in one of the regions last wrote a journal, if that is later: what followed a migration may
// have taken the place of its time.
func latest(worked time.Time, status *v1alpha1.StatusReport) time.Time {
	for _, region := range status.Regions {
		for _, provider := range region.Providers {
			if run := provider.Run; run != nil && run.Updated.After(worked) {
				worked = run.Updated.Time
			}
		}
	}
	return worked
}

// failing names the checks that failed, and those whose answer is unknown although it matters. While a migration runs, or
// if it stopped in the middle, it is unknown how the region will be.
func failing(status *v1alpha1.StatusReport) (bad, unknown []string) {
	for _, region := range status.Regions {
		for _, check := range region.Checks {
			switch name := region.Name + ": " + check.ID; {
			case check.State == v1alpha1.CheckFail:
				bad = append(bad, name)
			case check.Failed():
				unknown = append(unknown, name+" is unknown")
			}
		}
		runs := []*v1alpha1.Run{}
		if region.Satellite != nil {
			runs = append(runs, region.Satellite.Run)
		}
		for _, provider := range region.Providers {
			runs = append(runs, provider.Run)
		}
		if slices.ContainsFunc(runs, unfinished) {
			unknown = append(unknown, region.Name+": its migration is not finished")
		}
	}
	return bad, unknown
}

func unfinished(run *v1alpha1.Run) bool {
	ends := []v1alpha1.Outcome{"", v1alpha1.OutcomeInterrupted, v1alpha1.OutcomeLockLost, v1alpha1.OutcomeTimedOut}
	return run != nil && (run.Holder != "" || run.Operation == "migrate" && slices.Contains(ends, run.Outcome))
}
