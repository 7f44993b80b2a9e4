package rollout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

const (
	execTimeout = 10 * time.Minute
	maxSaid     = 1 << 10 // of what a gate's command says
)

// look looks at a wave that soaks and, at the end, judges its gates. Only one machine does at a time: whoever notes the
// look first. A gate that does not hold stops this run.
func (l *loop) look(ctx context.Context, d decision, state State) error {
	wave, mine := *d.look, false
	err := l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool {
		again, _ := soaked(wave, *fresh, l.now())
		if mine = again.look != nil; mine {
			fresh.Looked = l.now()
		}
		return mine
	})
	if err != nil || !mine {
		return err
	}
	var regions []fleet.Region
	for _, region := range wave.All { // those that failed, as the Fleet allows, do not count
		if state[wave.Name].done(region.Name) {
			regions = append(regions, region)
		}
	}
	if len(regions) == 0 {
		l.stopped = fmt.Sprintf("wave %q shows nothing: none of its regions was migrated", wave.Name)
		return nil
	}
	status, err := l.Status(ctx, regions)
	if err != nil || ctx.Err() != nil {
		return err
	}
	if bad := unwell(status); bad != "" && wave.Soak > 0 {
		l.say(fmt.Sprintf("wave %q is not well, so its soak begins anew: %s", wave.Name, bad), "")
		return l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool {
			fresh.Good = l.now()
			return true
		})
	}
	if !d.final {
		return nil
	}
	for _, gate := range wave.Gates {
		if why := l.judge(ctx, gate, status, state[wave.Name]); why != "" && ctx.Err() == nil {
			l.stopped = fmt.Sprintf("wave %q does not pass its gate: %s", wave.Name, why)
			l.say(l.stopped, "")
			return nil
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	l.say(fmt.Sprintf("wave %q has soaked and passed its gates", wave.Name), "")
	return l.store.Update(ctx, wave.Name, func(fresh *WaveState) bool {
		fresh.Passed = l.now()
		return true
	})
}

// unwell names the first checks that failed; "" if none did.
func unwell(status *v1alpha1.StatusReport) string {
	var failed []string
	for _, region := range status.Regions {
		for _, check := range region.Checks {
			if check.Failed() {
				failed = append(failed, fmt.Sprintf("%s: %s: %s", region.Name, check.ID, check.Message))
			}
		}
	}
	return some(failed)
}

// judge says why the gate does not hold; "" if it does. What is unknown does not hold.
func (l *loop) judge(ctx context.Context, gate fleet.Gate, status *v1alpha1.StatusReport, state WaveState) string {
	var bad []string
	switch {
	case len(gate.Exec) > 0:
		return l.exec(ctx, gate.Exec)
	case gate.Check != "":
		for _, region := range status.Regions {
			bad = append(bad, notPassed(region, gate.Check)...)
		}
	case gate.LatencyRatio > 0:
		for _, region := range status.Regions {
			bad = append(bad, farther(region, gate.LatencyRatio)...)
		}
	default:
		for _, region := range status.Regions {
			switch gap := state.Ended[region.Name].LongestGapMilliseconds; {
			case gap == nil:
				bad = append(bad, region.Name+": no gap was measured")
			case time.Duration(*gap)*time.Millisecond > gate.MaxGap:
				bad = append(bad, fmt.Sprintf("%s: users got no answer for %s, longer than %s", region.Name, time.Duration(*gap)*time.Millisecond, gate.MaxGap))
			}
		}
	}
	return some(bad)
}

func notPassed(region v1alpha1.RegionStatus, id string) (bad []string) {
	found := slices.DeleteFunc(slices.Clone(region.Checks), func(check v1alpha1.CheckResult) bool { return check.ID != id })
	for _, check := range found {
		skipped := check.State == v1alpha1.CheckSkipped && region.Outcome == v1alpha1.OutcomeSucceeded // it does not apply there
		if check.State != v1alpha1.CheckPass && !skipped {
			bad = append(bad, fmt.Sprintf("%s: %s: %s: %s", region.Name, id, strings.ToLower(string(check.State)), check.Message))
		}
	}
	if len(found) == 0 {
		bad = append(bad, fmt.Sprintf("%s: status has no check %q", region.Name, id))
	}
	return bad
}

func farther(region v1alpha1.RegionStatus, most float64) (bad []string) {
	if region.Satellite == nil {
		return nil // its users go on to the primary
	}
	for _, provider := range region.Providers {
		if provider.Distance == nil {
			bad = append(bad, fmt.Sprintf("%s, provider %s: no distance was measured", region.Name, provider.Name))
			continue
		}
		ratio := float64(provider.Distance.SatelliteMicroseconds) / float64(provider.Distance.PrimaryMicroseconds)
		if !(ratio <= most) {
			bad = append(bad, fmt.Sprintf("%s, provider %s: the round trip to the satellite is %.2f times the one to the primary, more than %g",
				region.Name, provider.Name, ratio, most))
		}
	}
	return bad
}

// exec runs a gate's command, with the events so far on its standard input, and says why it failed.
func (l *loop) exec(ctx context.Context, command []string) string {
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(l.Events()), &said, &said
	cmd.WaitDelay = time.Second // for a pipe that its children hold open
	err := cmd.Run()
	switch {
	case err == nil:
		return ""
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("%s did not end within %s", command[0], execTimeout)
	}
	text := strings.TrimSpace(said.String())
	return fmt.Sprintf("%s: %v: %s", command[0], err, text[max(0, len(text)-maxSaid):])
}
