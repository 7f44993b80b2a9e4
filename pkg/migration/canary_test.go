package migration

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A build counts as a proof if a run asked for it, it succeeded, and it is a build of the noted
// workspace.
func TestRebuilt(t *testing.T) {
	before := testNow.Add(-time.Hour)
	workspace := coder.Workspace{ID: "w", LastBuiltAt: testNow, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn}}
	asked := journal.Canary{ID: "w", Proves: journal.ProvesSatellite, Asked: true, BuiltBefore: before}
	for name, test := range map[string]struct {
		proves string
		but    func(*journal.Canary, *coder.Workspace)
		want   bool
	}{
		"built since":    {journal.ProvesSatellite, func(*journal.Canary, *coder.Workspace) {}, true},
		"building":       {journal.ProvesSatellite, func(_ *journal.Canary, w *coder.Workspace) { w.Updating = true }, false},
		"built, and off": {journal.ProvesSatellite, func(_ *journal.Canary, w *coder.Workspace) { w.LatestStat.ContainerStatus = coder.ContainerOff }, false},
		"seen to be built, and off": {journal.ProvesSatellite, func(c *journal.Canary, w *coder.Workspace) {
			c.Rebuilt, w.LatestStat.ContainerStatus = true, coder.ContainerOff
		}, true},
		"not built since":                {journal.ProvesSatellite, func(_ *journal.Canary, w *coder.Workspace) { w.LastBuiltAt = before }, false},
		"not asked":                      {journal.ProvesSatellite, func(c *journal.Canary, _ *coder.Workspace) { c.Asked = false }, false},
		"another workspace":              {journal.ProvesSatellite, func(c *journal.Canary, _ *coder.Workspace) { c.ID = "x" }, false},
		"for the legacy path":            {journal.ProvesSatellite, func(c *journal.Canary, _ *coder.Workspace) { c.Proves = journal.ProvesLegacy }, false},
		"without the legacy release":     {journal.ProvesSatellite, func(c *journal.Canary, _ *coder.Workspace) { c.Proves = journal.ProvesFinalized }, true},
		"that is no proof of the legacy": {journal.ProvesLegacy, func(c *journal.Canary, _ *coder.Workspace) { c.Proves = journal.ProvesFinalized }, false},
		"nor is the satellite's":         {journal.ProvesLegacy, func(*journal.Canary, *coder.Workspace) {}, false},
		"nor one that it is removed":     {journal.ProvesFinalized, func(*journal.Canary, *coder.Workspace) {}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, w := asked, workspace
			test.but(&c, &w)
			if got := rebuilt(&journal.Record{Canary: &c}, w, test.proves); got != test.want {
				t.Errorf("%t", got)
			}
		})
	}
	for name, record := range map[string]*journal.Record{"no journal": nil, "no canary in the journal": {}} {
		if rebuilt(record, workspace, journal.ProvesSatellite) {
			t.Errorf("%s: it is rebuilt", name)
		}
	}
}

// Before a change the journal notes the canary that will be rebuilt, if there is one.
func TestExpectRebuild(t *testing.T) {
	before := fresh(t).Canary.Value().Workspace.LastBuiltAt
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want journal.Canary
	}{
		"one":      {func(*snapshot.Snapshot) {}, journal.Canary{ID: "w", Name: "canary", BuiltBefore: before, Asked: true}},
		"building": {func(s *snapshot.Snapshot) { set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.Updating = true }) }, journal.Canary{ID: "w", Name: "canary", BuiltBefore: before}},
		"none":     {func(s *snapshot.Snapshot) { s.Canary = snapshot.Known(snapshot.Canary{None: true}) }, journal.Canary{}},
		"unknown":  {func(s *snapshot.Snapshot) { s.Canary = snapshot.Unknown[snapshot.Canary](errNothing) }, journal.Canary{}},
	} {
		s, record := fresh(t), &journal.Record{}
		test.but(s)
		expectRebuild(s, record, journal.ProvesSatellite)
		test.want.Proves = journal.ProvesSatellite
		if diff := cmp.Diff(&test.want, record.Canary); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A build counts as failed only if it began after this run made the switch.
func TestFailedSince(t *testing.T) {
	failed := coder.Workspace{LastBuiltAt: testNow, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerFailed}}
	asked := journal.Canary{Proves: journal.ProvesSatellite, Asked: true, BuiltBefore: testNow.Add(-time.Hour)}
	type facts = func(*snapshot.Snapshot, *journal.Canary, *coder.Workspace)
	for name, test := range map[string]struct {
		but  facts
		want bool
	}{
		"failed since":              {func(*snapshot.Snapshot, *journal.Canary, *coder.Workspace) {}, true},
		"it was switched before":    {func(s *snapshot.Snapshot, _ *journal.Canary, _ *coder.Workspace) { *s = *migrated(t) }, false},
		"it was unknown before":     {func(s *snapshot.Snapshot, _ *journal.Canary, _ *coder.Workspace) { noPrimary(s) }, false},
		"no proof of the satellite": {func(_ *snapshot.Snapshot, c *journal.Canary, _ *coder.Workspace) { c.Proves = journal.ProvesLegacy }, false},
		"not asked":                 {func(_ *snapshot.Snapshot, c *journal.Canary, _ *coder.Workspace) { c.Asked = false }, false},
		"it is built again":         {func(_ *snapshot.Snapshot, _ *journal.Canary, w *coder.Workspace) { w.Updating = true }, false},
		"it had failed before":      {func(_ *snapshot.Snapshot, c *journal.Canary, _ *coder.Workspace) { c.BuiltBefore = testNow }, false},
		"it was built since, and on": {func(_ *snapshot.Snapshot, _ *journal.Canary, w *coder.Workspace) {
			w.LatestStat.ContainerStatus = coder.ContainerOn
		}, false},
	} {
		s, c, w := fresh(t), asked, failed
		test.but(s, &c, &w)
		if got := failedSince(s, &c, w); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// A rebuild that an earlier run asked for still counts. In every other case a new one is noted.
func TestNoteOfRebuild(t *testing.T) {
	earlier := journal.Canary{ID: "w", Name: "canary", Proves: journal.ProvesSatellite, Asked: true, BuiltBefore: testNow.Add(-2 * time.Hour)}
	anew := journal.Canary{ID: "w", Name: "canary", Proves: journal.ProvesSatellite, Asked: true, BuiltBefore: fresh(t).Canary.Value().Workspace.LastBuiltAt}
	with := func(c journal.Canary, change func(*journal.Canary)) *journal.Canary {
		change(&c)
		return &c
	}
	for name, test := range map[string]struct {
		noted    *journal.Canary
		updating bool
		want     *journal.Canary
	}{
		"asked for":           {&earlier, false, &earlier},
		"asked for, building": {&earlier, true, &earlier},
		"nothing noted":       {nil, false, &anew},
		"of another":          {with(earlier, func(c *journal.Canary) { c.ID = "x" }), false, &anew},
		"of another path":     {with(earlier, func(c *journal.Canary) { c.Proves = journal.ProvesLegacy }), false, &anew},
		"not asked for":       {with(earlier, func(c *journal.Canary) { c.Asked = false }), false, &anew},
		"a build that runs":   {nil, true, with(anew, func(c *journal.Canary) { c.Asked = false })},
	} {
		s, record := fresh(t), &journal.Record{Canary: test.noted}
		set(&s.Canary, func(c *snapshot.Canary) { c.Workspace.Updating = test.updating })
		rebuildCanary(journal.ProvesSatellite, always).Note(s, record)
		if diff := cmp.Diff(test.want, record.Canary); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// The journal keeps the state before the switch, and that the migration is not complete.
func TestNotesOfTheSwitch(t *testing.T) {
	s := fresh(t)
	s.Taken = testNow
	latest := testNow.Add(-time.Hour)
	s.Workspaces = snapshot.Known([]coder.Workspace{
		{ID: "w", LastBuiltAt: latest, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOff}},
		{ID: "v", LastBuiltAt: latest.Add(-time.Hour), LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn}},
	})
	switched := func(on bool) *journal.Switch {
		return &journal.Switch{On: on, At: testNow, LatestBuild: &latest, Running: []string{"v"}}
	}
	canary := func(proves string) *journal.Canary {
		workspace := s.Canary.Value().Workspace
		return &journal.Canary{ID: workspace.ID, Name: workspace.Name, Proves: proves, Asked: true, BuiltBefore: workspace.LastBuiltAt}
	}
	for name, test := range map[string]struct {
		step         Step
		record, want journal.Record
	}{
		"on":            {enableNetworkingV2(), journal.Record{}, journal.Record{Before: &journal.Before{NetworkingV2: ptr.To(false)}, Canary: canary(journal.ProvesSatellite), Switched: switched(true)}},
		"on once more":  {enableNetworkingV2(), journal.Record{Migrated: true, Before: &journal.Before{NetworkingV2: ptr.To(true), SatelliteRecords: ptr.To(2)}}, journal.Record{Before: &journal.Before{NetworkingV2: ptr.To(false), SatelliteRecords: ptr.To(2)}, Canary: canary(journal.ProvesSatellite), Switched: switched(true)}},
		"off":           {disableNetworkingV2(nil), journal.Record{Migrated: true}, journal.Record{Canary: canary(journal.ProvesLegacy), Switched: switched(false)}},
		"it is removed": {removeLegacy(), journal.Record{Migrated: true}, journal.Record{Migrated: true, Canary: canary(journal.ProvesFinalized)}},
	} {
		test.step.Note(s, &test.record)
		if diff := cmp.Diff(test.want, test.record); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
