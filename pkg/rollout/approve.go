package rollout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// ToApprove returns the wave of that name, or an error if it needs no approval.
func ToApprove(waves []fleet.Wave, name string) (fleet.Wave, error) {
	at := slices.IndexFunc(waves, func(wave fleet.Wave) bool { return wave.Name == name })
	if at < 0 || !waves[at].Approval {
		return fleet.Wave{}, fmt.Errorf("the wave %q needs no approval: its Fleet file does not say `approval: required`", name)
	}
	return waves[at], nil
}

// Approve keeps the approval of all regions that the wave has now, by the operator with that e-mail address. If they were
// approved earlier, it changes nothing and returns that approval.
func Approve(ctx context.Context, store Store, wave fleet.Wave, by, reason string, now time.Time) (earlier *Verdict, err error) {
	err = store.Update(ctx, wave.Name, func(state *WaveState) bool {
		if earlier = nil; state.Approval.covers(wave) {
			earlier = state.Approval
			return false
		}
		state.Approval = &Verdict{At: now.Round(0), By: by, Reason: reason, Regions: fleet.RegionNames(wave.All)}
		return true
	})
	return earlier, err
}
