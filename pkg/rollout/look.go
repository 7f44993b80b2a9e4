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

// look looks at a wave whose regions are migrated, or should be, and judges its gates when its soak is over. Only one
// machine does at a time: whoever notes first that it begins.
func (l *loop) look(ctx context.Context, wave fleet.Wave) error {
	var known WaveState
	var mine bool
	at := l.now()
	err := l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool {
		if mine = !at.Before(fresh.due(wave)); mine {
			if known, fresh.Looked = *fresh, at; slices.ContainsFunc(wave.Gates, func(gate fleet.Gate) bool { return len(gate.Exec) > 0 }) {
				fresh.Looked = at.Add(execTimeout) // no command runs twice at once
			}
		}
		return mine
	})
	if err != nil || !mine {
		return err
	}
	known.Looked = at
	regions := slices.DeleteFunc(slices.Clone(wave.All), func(region fleet.Region) bool { return known.failed(region.Name) })
	status, err := l.Status(ctx, regions) // a region that failed, as the Fleet allows, does not count
	if err == nil && len(regions) == 0 {
		known.Refused = &Verdict{At: l.now(), Reason: fmt.Sprintf("wave %q shows nothing: none of its regions was migrated", wave.Name)}
	} else if err == nil {
		known = l.judge(ctx, wave, known, status)
	}
	return cmp.Or(err, l.store.Update(context.WithoutCancel(ctx), wave.Name, func(fresh *WaveState) bool {
		fresh.Looked, fresh.Unhealthy, fresh.Passed, fresh.Refused = known.Looked, known.Unhealthy, known.Passed, known.Refused
		if fresh.Worked.Before(known.Worked) { // otherwise a region began or ended meanwhile
			fresh.Worked = known.Worked
		}
		return true
	}))
}

// judge returns what is known of the wave after a look at its regions. If ctx has ended, nothing more is.
func (l *loop) judge(ctx context.Context, wave fleet.Wave, known WaveState, status *v1alpha1.StatusReport) WaveState {
	judged := known
	judged.Worked = latest(known.Worked, status)
	bad, unknown := failing(status)
	if len(bad) > 0 {
		judged.Unhealthy = l.now()
	}
	said, why := fmt.Sprintf("wave %q is good", wave.Name), ""
	switch {
	case len(bad)+len(unknown) > 0:
		said = fmt.Sprintf("wave %q is not good: %s (`kubectl coder-satellite status --wave %s` says why)", wave.Name, some(append(bad, unknown...)), wave.Name)
	case !l.now().Before(judged.since().Add(wave.Soak)):
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
		judged.Passed = &Verdict{At: known.Looked, Regions: namesOf(wave.All)} // what was worked on since then is not in this status
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

// failing names the checks that failed, and those whose answer is unknown although it matters.
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
	}
	return bad, unknown
}
