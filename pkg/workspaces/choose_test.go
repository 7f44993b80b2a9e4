package workspaces

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// A workspace that someone may be using is left alone, whatever the clocks show.
func TestJudge(t *testing.T) {
	since, before := now.Add(-time.Hour), 2*time.Hour
	waiting := func(status coder.ContainerStatus, connected time.Duration) coder.Workspace {
		return connectedAt(workspace("w", "u", before, status), connected)
	}
	considerate := Rules{IdleFor: 2 * time.Hour}
	for name, test := range map[string]struct {
		rules  Rules
		w      coder.Workspace
		want   bool
		reason string
	}{
		"off":                   {considerate, waiting(coder.ContainerOff, time.Minute), true, ""},
		"idle":                  {considerate, waiting(coder.ContainerOn, 2*time.Hour), true, ""},
		"not idle for long":     {considerate, waiting(coder.ContainerOn, 2*time.Hour-time.Second), false, "it may be in use: its owner was connected 119m ago"},
		"connected just now":    {considerate, waiting(coder.ContainerOn, 0), false, "it may be in use: its owner was connected 0s ago"},
		"a clock that is ahead": {considerate, waiting(coder.ContainerOn, -time.Hour), false, "it may be in use: its owner was connected 0s ago"},
		"never connected":       {considerate, workspace("w", "u", before, coder.ContainerOn), true, ""},
		"nobody knows":          {considerate, waiting(coder.ContainerUnknown, time.Minute), false, "it may be in use: its owner was connected 60s ago"},
		"in use, and included":  {Rules{IdleFor: time.Hour, IncludeActive: true}, waiting(coder.ContainerOn, 0), true, ""},
		"excluded, and off":     {Rules{ExcludeOwners: []string{"u"}, IncludeActive: true}, waiting(coder.ContainerOff, before), false, "its owner is excluded"},
		"built since":           {considerate, workspace("w", "u", time.Minute, coder.ContainerOff), false, "it was built since the switch"},
		"being built":           {considerate, building(workspace("w", "u", before, coder.ContainerCreating)), false, "it is being built"},
		"failed":                {considerate, workspace("w", "u", before, coder.ContainerFailed), false, "its last build failed: its owner has to look at it"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.rules.Judge(test.w, since, now); got.Rebuild != test.want || got.Reason != test.reason {
				t.Errorf("%t, %q; want %t, %q", got.Rebuild, got.Reason, test.want, test.reason)
			}
		})
	}
}

// connectedAt is a workspace whose owner was connected this long ago; negative for later.
func connectedAt(w coder.Workspace, ago time.Duration) coder.Workspace {
	w.LastConnectionAt = now.Add(-ago)
	return w
}

func TestGentlest(t *testing.T) {
	rules, since := Rules{IdleFor: 2 * time.Hour}, now.Add(-time.Hour)
	before := 2 * time.Hour
	var choices []Choice
	for _, w := range []coder.Workspace{
		workspace("moved", "u", time.Minute, coder.ContainerOn),
		connectedAt(workspace("used", "u", before, coder.ContainerOn), time.Minute),
		connectedAt(workspace("idle 3h", "u", before, coder.ContainerOn), 3*time.Hour),
		connectedAt(workspace("idle 4h", "u", before, coder.ContainerOn), 4*time.Hour),
		connectedAt(workspace("off b", "u", before, coder.ContainerOff), before),
		connectedAt(workspace("off a", "u", before, coder.ContainerOff), before),
	} {
		w.Name = w.ID
		choices = append(choices, rules.Judge(w, since, now))
	}
	slices.SortFunc(choices, gentlest)
	var order []string
	for _, c := range choices {
		order = append(order, c.Workspace.Name)
	}
	if diff := cmp.Diff([]string{"off a", "off b", "idle 4h", "idle 3h", "used", "moved"}, order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
