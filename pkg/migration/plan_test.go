package migration

import (
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// If another Helm operation is changing the satellite, a migration stops before it changes
// anything, not only at the step that installs.
func TestPlanOfABusySatellite(t *testing.T) {
	for writer, want := range map[string]bool{"Helm": true, "": true, "kubectl-coder_satellite": false} {
		s := migrated(t)
		s.Taken = testNow
		set(&s.Satellite, func(x *satellite.State) {
			x.LastStatus = "pending-upgrade"
			x.Pending = &satellite.Pending{Status: x.LastStatus, Writer: writer, Ours: writer != "" && writer != "Helm", At: testNow}
		})
		plan := NewRegionPlan(Migrate(false, Refuse), []*snapshot.Snapshot{s})
		refused := slices.ContainsFunc(plan.Preflight, func(r v1alpha1.CheckResult) bool {
			return r.ID == "satellite-idle" && r.Failed() && strings.Contains(r.Message, "is pending-upgrade")
		})
		if refused != want || want && plan.Outcome != v1alpha1.OutcomePreflightFailed {
			t.Errorf("written by %q: outcome %s, %+v", writer, plan.Outcome, plan.Preflight)
		}
	}
}

// When a plan is refused, it first says that an earlier run left users cut off, and which command
// helps.
func TestPlanOfAStrandedRegion(t *testing.T) {
	for name, test := range map[string]struct {
		but  func(*snapshot.Snapshot)
		want bool
	}{
		"cut off":                 {noAnswer, true},
		"the satellite answers":   {func(*snapshot.Snapshot) {}, false},
		"the legacy path is used": {func(s *snapshot.Snapshot) { noAnswer(s); offIn(s) }, false},
		"complete":                {func(s *snapshot.Snapshot) { noAnswer(s); s.ProviderJournal.Value().Migrated = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := migrated(t)
			s.Primary.Me = snapshot.Unknown[coder.User](errNothing) // which stops every operation
			test.but(s)
			plan := NewRegionPlan(Migrate(false, Refuse), []*snapshot.Snapshot{s})
			if plan.Outcome != v1alpha1.OutcomePreflightFailed {
				t.Fatalf("outcome %s", plan.Outcome)
			}
			report := newReport(plan, plan.Outcome, "")
			got := next(Migrate(false, Refuse), s.Region, report)
			first := plan.Preflight[0]
			if said := first.ID == checkCutOff && strings.Contains(first.Message, "its users are cut off"); said != test.want {
				t.Errorf("the first result is %+v", first)
			}
			if want := s.Region.Command("rollback"); (got == want) != test.want {
				t.Errorf("next is %q", got)
			}
		})
	}
}
