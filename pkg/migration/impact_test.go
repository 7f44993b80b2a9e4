package migration

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// inUseBy adds workspaces that are on, one for each user.
func inUseBy(s *snapshot.Snapshot, users ...string) {
	var list []coder.Workspace
	for _, user := range users {
		list = append(list, coder.Workspace{ID: user, UserID: user, LastConnectionAt: testNow, LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn}})
	}
	s.Taken, s.Workspaces = testNow, snapshot.Known(list)
}

// The step that makes the switch says how many users it affects, and how.
func TestConcerned(t *testing.T) {
	unreadable := func(s *snapshot.Snapshot) { s.Workspaces = snapshot.Unknown[[]coder.Workspace](errNothing) }
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want string
	}{
		"rebuilt by the switch": {func(*snapshot.Snapshot) {}, "it affects 2 workspaces, 2 of them on, and 2 users, 2 of them connected within the last hour\n" +
			"the primary then rebuilds the workspaces that are on, a few at a time: everything outside their home directories is lost"},
		"not rebuilt": {func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Known(version(t, "1.21.0")) },
			"it affects 2 workspaces, 2 of them on, and 2 users, 2 of them connected within the last hour\n" +
				"no workspace changes its path until it is rebuilt; this primary does not do that"},
		"nobody":     {func(s *snapshot.Snapshot) { inUseBy(s) }, "it affects 0 workspaces, 0 of them on, and 0 users, 0 of them connected within the last hour"},
		"unreadable": {unreadable, "whom it affects is unknown: " + errNothing.Error()},
		"no version": {func(s *snapshot.Snapshot) { s.Primary.Version = snapshot.Unknown[coder.Version](errNothing) }, "whom it affects is unknown: " + errNothing.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			s := fresh(t)
			inUseBy(s, "ann", "bob")
			test.but(s)
			if got := strings.Join(concerned(s), "\n"); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

// --max-affected limits the total for the planned switches of all regions. An unknown number
// counts as above the limit.
func TestMayAffect(t *testing.T) {
	plan := func(operation Operation, views ...*snapshot.Snapshot) v1alpha1.RegionPlan {
		p := NewRegionPlan(operation, views)
		p.Outcome = v1alpha1.OutcomeChangesPending // these facts would not pass every preflight check
		for i := range p.Providers {
			p.Providers[i].Outcome = v1alpha1.OutcomeChangesPending
		}
		return p
	}
	two, one, lost := fresh(t), fresh(t), fresh(t)
	inUseBy(two, "ann", "bob")
	inUseBy(one, "cid")
	lost.Workspaces = snapshot.Unknown[[]coder.Workspace](errNothing)
	done := migrated(t)
	inUseBy(done, "dan", "eve")
	migrate := Migrate(false, Refuse)
	regions := []v1alpha1.RegionPlan{plan(migrate, two), plan(migrate, one), plan(migrate, done)}
	unknown := append([]v1alpha1.RegionPlan{plan(migrate, lost)}, regions...)
	failed := plan(migrate, two)
	failed.Outcome = v1alpha1.OutcomePreflightFailed
	for name, test := range map[string]struct {
		regions []v1alpha1.RegionPlan
		limit   int
		want    string
	}{
		"at the limit":      {regions, 3, ""},
		"above it":          {regions, 2, "the switches affect 3 workspaces that are on, but --max-affected allows 2"},
		"none allowed":      {regions[1:2], 0, "affect 1 workspace that are on"},
		"nothing to switch": {regions[2:], 0, ""},
		"unknown":           {unknown, 100, "how many workspaces are on is unknown for sydney"},
		"it is left alone":  {[]v1alpha1.RegionPlan{failed}, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := MayAffect(&v1alpha1.Plan{Regions: test.regions}, test.limit)
			if (err != nil) != (test.want != "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	if got := regions[0].Providers[0].Impact; got == nil || got.On != 2 {
		t.Errorf("the plan says %+v", got)
	}
	if got := regions[2].Providers[0].Impact; got != nil {
		t.Errorf("nothing is to be switched, and the plan says %+v", got)
	}
}
