package health_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestRegionStatus(t *testing.T) {
	s := healthy()
	s.Journal.Value().Step, s.Journal.Value().State = "verify-connectivity", v1alpha1.StepDone
	got := health.NewRegionStatus(s)
	if !slices.Equal(checksOf(got), ids(health.Status())) {
		t.Errorf("the checks are not those of status: %v", checksOf(got))
	}
	got.Checks = nil
	want := v1alpha1.RegionStatus{
		Name: "sydney", Context: "sydney", Provider: v1alpha1.Provider{ID: "p", Name: "sydney"}, AccessURL: accessURL,
		Phase: v1alpha1.PhaseMigrated, Outcome: v1alpha1.OutcomeSucceeded, NetworkingV2: v1alpha1.NetworkingV2On, SatelliteVersion: "1.21.7",
		Run: &v1alpha1.Run{
			Operation: "migrate", Operator: "ann@example.com", Step: "verify-connectivity", State: v1alpha1.StepDone,
			Outcome: v1alpha1.OutcomeSucceeded, Started: metav1.NewTime(s.Taken), Updated: metav1.NewTime(s.Taken),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func checksOf(status v1alpha1.RegionStatus) []string {
	var all []string
	for _, check := range status.Checks {
		all = append(all, check.ID)
	}
	return all
}

func TestPhase(t *testing.T) {
	unregistered := func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known[[]coder.Satellite](nil) }
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		want   v1alpha1.Phase
	}{
		"migrated":                    {as, v1alpha1.PhaseMigrated},
		"nothing begun":               {both(absent, off, unregistered), v1alpha1.PhaseLegacy},
		"installed only":              {both(off, unregistered), v1alpha1.PhasePartial},
		"registered, not switched":    {off, v1alpha1.PhasePartial},
		"switched, not registered":    {unregistered, v1alpha1.PhasePartial},
		"switched, nothing installed": {both(absent, unregistered), v1alpha1.PhasePartial},
		"v1.22, nothing installed":    {both(absent, unregistered, alwaysOn), v1alpha1.PhasePartial},
		"legacy removed":              {both(noRelease(), alwaysOn), v1alpha1.PhaseFinalized},
		"satellite unknown":           {noState, v1alpha1.PhaseUnknown},
		"legacy unknown":              {noLegacy, v1alpha1.PhaseUnknown},
		"switch unknown":              {func(s *snapshot.Snapshot) { lose(&s.Provider) }, v1alpha1.PhaseUnknown},
		"registrations unknown":       {func(s *snapshot.Snapshot) { lose(&s.Registrations) }, v1alpha1.PhaseUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			test.change(s)
			if got := health.NewRegionStatus(s).Phase; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestLastRun(t *testing.T) {
	acquired := time.Date(2022, 3, 4, 6, 0, 0, 0, time.UTC)
	since := metav1.NewTime(acquired)
	nothing := func(s *snapshot.Snapshot) { s.Journal = snapshot.Known[*journal.Record](nil) }
	held := func(s *snapshot.Snapshot) {
		s.Lock = snapshot.Known(&lock.State{Holder: "bob@host/1", Acquired: acquired})
	}
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		want   *v1alpha1.Run
	}{
		"never":               {nothing, nil},
		"neither read":        {func(s *snapshot.Snapshot) { lose(&s.Journal); lose(&s.Lock) }, nil},
		"held before journal": {both(nothing, held), &v1alpha1.Run{Holder: "bob@host/1", HeldSince: &since}},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			test.change(s)
			if diff := cmp.Diff(test.want, health.NewRegionStatus(s).Run); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
