package migration

import (
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// From v1.21.1 on, Coder itself rebuilds the canary after the switch. That build is the proof. A
// second build would only empty the workspace again.
func TestBuildOfCodersOwnCounts(t *testing.T) {
	for name, test := range map[string]struct {
		after coder.Workspace
		want  Decision
		fails bool
	}{
		"it was built":    {coder.Workspace{LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn}}, already("any"), false},
		"it is built":     {coder.Workspace{Updating: true, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerCreating}}, change("any"), false},
		"its build fails": {coder.Workspace{LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerFailed}}, change("any"), true},
	} {
		t.Run(name, func(t *testing.T) {
			before, step := fresh(t), rebuildCanary(journal.ProvesSatellite, always)
			record := &journal.Record{}
			enableNetworkingV2().Note(before, record)
			now := clone(before)
			set(&now.Canary, func(c *snapshot.Canary) {
				built := c.Workspace.LastBuiltAt.Add(time.Minute)
				id, name := c.Workspace.ID, c.Workspace.Name
				c.Workspace = test.after
				c.Workspace.ID, c.Workspace.Name, c.Workspace.LastBuiltAt = id, name, built
			})
			now.ProviderJournal = snapshot.Known(record)
			if got := step.Decide(now); got.Action != test.want.Action {
				t.Errorf("it decides %+v", got)
			}
			noted := *record.Canary
			step.Note(now, record)
			if !record.Canary.Asked || *record.Canary != noted {
				t.Errorf("the build does not count: %+v", record.Canary)
			}
			if got := failedSince(before, record.Canary, now.Canary.Value().Workspace); got != test.fails {
				t.Errorf("failed: %t", got)
			}
		})
	}
}
