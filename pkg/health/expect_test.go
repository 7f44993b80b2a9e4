package health_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// fresh is a region before any migration, with a legacy path that works.
func fresh(s *snapshot.Snapshot) {
	both(absent, off, noJournal)(s)
	s.Registrations = snapshot.Known[[]coder.Satellite](nil)
	edit(&s.Legacy, func(l *snapshot.Legacy) { l.Retention = legacy.Retention{Missing: []string{"backup"}} })
	s.SatelliteJournal = s.ProviderJournal
}

func TestExpect(t *testing.T) {
	legacyBroken := func(s *snapshot.Snapshot) {
		edit(&s.Legacy, func(l *snapshot.Legacy) { l.Readiness = legacy.Readiness{Problems: []string{"no envproxy"}} })
	}
	pending := func(s *snapshot.Snapshot) {
		edit(&s.Satellite, func(s *satellite.State) { s.Pending, s.LastStatus = &satellite.Pending{}, "pending-install" })
	}
	through := func(s *snapshot.Snapshot) { s.Region.Satellite = fleet.Satellite{} } // users connect through the primary
	for name, test := range map[string]struct {
		change            func(*snapshot.Snapshot)
		migrated, planned v1alpha1.Outcome
		skipped           []string // with planned, in addition to those that are always skipped
	}{
		"migrated":                {as, v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeSucceeded, nil},
		"not begun":               {fresh, v1alpha1.OutcomeFailed, v1alpha1.OutcomeSucceeded, []string{"networking-v2", "legacy-retained", "satellite-installed"}},
		"not begun, no satellite": {both(fresh, through), v1alpha1.OutcomeFailed, v1alpha1.OutcomeSucceeded, []string{"networking-v2"}},
		"legacy path broken":      {both(fresh, legacyBroken), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"no legacy release":       {both(fresh, noRelease()), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"Helm was killed":         {both(fresh, pending), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"the first installation failed": {both(fresh, func(s *snapshot.Snapshot) {
			edit(&s.Satellite, func(s *satellite.State) { s.LastRevision, s.LastStatus = 1, "failed" })
		}), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"only a Deployment is there": {both(fresh, func(s *snapshot.Snapshot) {
			edit(&s.Satellite, func(s *satellite.State) { s.Workload = true })
		}), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"installed, not switched": {off, v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"cluster unknown":         {both(fresh, noState), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, nil},
		"another check fails":     {both(fresh, func(s *snapshot.Snapshot) { s.SamePlace = []string{"london"} }), v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, []string{"networking-v2", "legacy-retained", "satellite-installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			test.change(s)
			migrated := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated)
			planned := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectPlanned)
			if migrated.Outcome != test.migrated || planned.Outcome != test.planned || migrated.Phase != planned.Phase {
				t.Errorf("migrated %s, planned %s", migrated.Outcome, planned.Outcome)
			}
			var skipped []string
			for i, result := range planned.Checks {
				if result.State == v1alpha1.CheckSkipped && migrated.Checks[i].State != v1alpha1.CheckSkipped {
					skipped = append(skipped, result.ID)
				}
			}
			if diff := cmp.Diff(test.skipped, skipped); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
		})
	}
}

// If one of several providers is switched already, the whole region is half migrated.
func TestExpectSeveralProviders(t *testing.T) {
	a, b := healthy(), healthy()
	fresh(a)
	fresh(b)
	edit(&b.Provider, func(p *coder.Provider) { p.Name, p.ID = "sydney-b", "q" })
	views := []*snapshot.Snapshot{a, b}
	if got := health.NewRegionStatus(views, health.ExpectPlanned); got.Outcome != v1alpha1.OutcomeSucceeded {
		t.Errorf("neither: %s, %v", got.Outcome, v1alpha1.Notable(got.Checks))
	}
	on := true
	edit(&b.Provider, func(p *coder.Provider) { p.EnableNetV2 = &on })
	got := health.NewRegionStatus(views, health.ExpectPlanned)
	if got.Outcome != v1alpha1.OutcomeFailed || !slices.ContainsFunc(got.Checks, func(r v1alpha1.CheckResult) bool { return r.ID == "satellite-installed" && r.Failed() }) {
		t.Errorf("one of two: %s, %v", got.Outcome, v1alpha1.Notable(got.Checks))
	}
}
