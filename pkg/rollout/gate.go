package rollout

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

const (
	execTimeout = 10 * time.Minute
	maxSaid     = 1 << 10 // bytes of what a gate's command says at last
)

// notHeld says why the gate does not hold; "" if it does. What is unknown does not hold.
func (l *loop) notHeld(ctx context.Context, gate fleet.Gate, status *v1alpha1.StatusReport) string {
	if len(gate.Exec) > 0 {
		return l.exec(ctx, gate.Exec, gate.Dir)
	}
	var bad []string
	for _, region := range status.Regions {
		found := false
		for _, check := range region.Checks {
			found = found || check.ID == gate.Check
			if check.ID == gate.Check && check.Notable() {
				bad = append(bad, fmt.Sprintf("%s: %s: %s: %s", region.Name, check.ID, strings.ToLower(string(check.State)), check.Message))
			}
		}
		if gate.Check != "" && !found {
			bad = append(bad, fmt.Sprintf("%s: status has no answer to %s", region.Name, gate.Check))
		}
		for _, provider := range region.Providers {
			if why := tooLong(gate, provider, region.Satellite != nil); why != "" {
				bad = append(bad, fmt.Sprintf("%s, provider %s: %s", region.Name, provider.Name, why))
			}
		}
	}
	return some(bad)
}

// tooLong says why a provider's users were without an answer for too long, or are too far from their satellite.
func tooLong(gate fleet.Gate, provider v1alpha1.ProviderStatus, satellite bool) string {
	const missing = ", because the migration did not measure; leave the region out of waves with this gate, or remove the gate"
	switch gap, distance := provider.LongestGapMilliseconds, provider.Distance; {
	case gate.MaxGap > 0 && gap == nil:
		return "it is unknown how long users got no answer" + missing
	case gate.MaxGap > 0 && time.Duration(*gap)*time.Millisecond > gate.MaxGap:
		return fmt.Sprintf("users got no answer for %s, longer than %s", time.Duration(*gap)*time.Millisecond, gate.MaxGap)
	case gate.LatencyRatio == 0 || !satellite: // without a satellite, users still go to the primary
		return ""
	case distance == nil || distance.PrimaryMicroseconds == 0:
		return "the distances of its users are unknown" + missing
	case float64(distance.SatelliteMicroseconds) > gate.LatencyRatio*float64(distance.PrimaryMicroseconds):
		return fmt.Sprintf("the round trip to the satellite is %.2f times the one to the primary, more than %g",
			float64(distance.SatelliteMicroseconds)/float64(distance.PrimaryMicroseconds), gate.LatencyRatio)
	}
	return ""
}

// tail keeps the end of what is written to it.
type tail []byte

func (t *tail) Write(text []byte) (int, error) {
	*t = append(*t, text...)
	*t = (*t)[max(0, len(*t)-maxSaid):]
	return len(text), nil
}

// exec runs a gate's command in the folder, with the events so far on its standard input, and says why it failed; "" if it did not.
func (l *loop) exec(ctx context.Context, command []string, dir string) string {
	ctx, cancel := context.WithTimeout(ctx, execTimeout)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, bytes.NewReader(l.Events()), &said, &said
	cmd.WaitDelay = time.Second // for a pipe that its children hold open
	err := cmd.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay): // it exited with 0, and left a child
		return ""
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Sprintf("%s did not end within %s", command[0], execTimeout)
	}
	return strings.TrimSpace(fmt.Sprintf("%s: %v: %s", command[0], err, redact.Text(strings.ToValidUTF8(string(said), ""))))
}
