package health_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func TestRegionStatus(t *testing.T) {
	s := healthy()
	s.ProviderJournal.Value().Step, s.ProviderJournal.Value().State = "verify-connectivity", v1alpha1.StepDone
	got := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated)
	if !slices.Equal(checksOf(got), ids(health.Status())) {
		t.Errorf("the checks are not those of status: %v", checksOf(got))
	}
	got.Checks = nil
	run := v1alpha1.Run{
		Operation: "migrate", Operator: "ann@example.com", Outcome: v1alpha1.OutcomeSucceeded,
		Started: metav1.NewTime(s.Taken), Updated: metav1.NewTime(s.Taken),
	}
	ofProvider := run
	ofProvider.Step, ofProvider.State = "verify-connectivity", v1alpha1.StepDone
	want := v1alpha1.RegionStatus{
		Name: "sydney", Phase: v1alpha1.PhaseAdopted, Outcome: v1alpha1.OutcomeSucceeded,
		Satellite: &v1alpha1.SatelliteStatus{Context: "sydney", AccessURL: accessURL, Version: "1.21.7", Run: &run},
		Providers: []v1alpha1.ProviderStatus{{
			Provider: v1alpha1.Provider{ID: "p", Name: "sydney"}, Context: "sydney", Phase: v1alpha1.PhaseAdopted,
			NetworkingV2: v1alpha1.NetworkingV2On, Adoption: &v1alpha1.Adoption{Total: 1, Adopted: 1}, Run: &ofProvider,
		}},
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

// waiting has a workspace that was not rebuilt since the switch.
func waiting(s *snapshot.Snapshot) {
	s.Workspaces = snapshot.Known(append(s.Workspaces.Value(), coder.Workspace{
		ID: "x", LastBuiltAt: s.Taken.Add(-time.Hour), LatestStat: coder.WorkspaceStat{ContainerStatus: coder.ContainerOn},
	}))
}

func TestPhase(t *testing.T) {
	unregistered := func(s *snapshot.Snapshot) { s.Registrations = snapshot.Known[[]coder.Satellite](nil) }
	uninstalled := installed(func(s *satellite.State) { s.Installed = false }) // its Secret remains
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		want   v1alpha1.Phase
	}{
		"migrated":                    {waiting, v1alpha1.PhaseMigrated},
		"migrated, workspaces lost":   {func(s *snapshot.Snapshot) { lose(&s.Workspaces) }, v1alpha1.PhaseMigrated},
		"every workspace rebuilt":     {as, v1alpha1.PhaseAdopted},
		"nothing begun":               {both(absent, off, unregistered), v1alpha1.PhaseLegacy},
		"installed only":              {both(off, unregistered), v1alpha1.PhasePartial},
		"registered, not switched":    {off, v1alpha1.PhasePartial},
		"registered, uninstalled":     {both(uninstalled, off), v1alpha1.PhasePartial},
		"switched, uninstalled":       {uninstalled, v1alpha1.PhasePartial},
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
			if got := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated).Phase; got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestLastRun(t *testing.T) {
	acquired := time.Date(2022, 3, 4, 6, 0, 0, 0, time.UTC)
	since, taken := metav1.NewTime(acquired), healthy().Taken
	nothing := func(s *snapshot.Snapshot) { s.ProviderJournal = snapshot.Known[*journal.Record](nil) }
	held := func(s *snapshot.Snapshot) {
		s.ProviderLock = snapshot.Known(&lock.State{Holder: "bob@host/1", Acquired: acquired})
	}
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		want   *v1alpha1.Run
	}{
		"never":               {nothing, nil},
		"neither read":        {func(s *snapshot.Snapshot) { lose(&s.ProviderJournal); lose(&s.ProviderLock) }, nil},
		"held before journal": {both(nothing, held), &v1alpha1.Run{Holder: "bob@host/1", HeldSince: &since}},
		"without a lock": {func(s *snapshot.Snapshot) { s.ProviderLock = snapshot.Known[*lock.State](nil) }, &v1alpha1.Run{
			Operation: "migrate", Operator: "ann@example.com", Outcome: v1alpha1.OutcomeSucceeded, Started: metav1.NewTime(taken), Updated: metav1.NewTime(taken),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := healthy()
			test.change(s)
			if diff := cmp.Diff(test.want, health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated).Providers[0].Run); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTogether(t *testing.T) {
	for want, change := range map[v1alpha1.Phase]func(*snapshot.Snapshot){
		v1alpha1.PhaseAdopted: as, v1alpha1.PhaseMigrated: waiting, v1alpha1.PhasePartial: off,
		v1alpha1.PhaseUnknown: func(s *snapshot.Snapshot) { lose(&s.Provider) },
	} {
		a, b := healthy(), healthy()
		change(b)
		if got := health.NewRegionStatus([]*snapshot.Snapshot{a, b}, health.ExpectMigrated).Phase; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// Two providers share a satellite: checks of the satellite run once, and checks of a provider
// once for each.
func TestStatusOfTwoProviders(t *testing.T) {
	a, b := healthy(), healthy()
	off(b)
	b.Provider = snapshot.Known(coder.Provider{ID: "q", Name: "sydney-2", Status: "ready", EnableNetV2: new(bool), Config: coder.ProviderConfig{DefaultNamespace: "coder"}})
	status := health.NewRegionStatus([]*snapshot.Snapshot{a, b}, health.ExpectMigrated)
	told := map[string][]string{}
	for _, check := range status.Checks {
		told[check.ID] = append(told[check.ID], check.Provider+": "+string(check.State))
	}
	for id, want := range map[string][]string{
		"satellite-ready": {": Pass"},
		"primary-version": {": Pass"},
		"networking-v2":   {"sydney: Pass", "sydney-2: Fail"},
		"legacy-retained": {"sydney: Pass", "sydney-2: Pass"},
		"canary":          {"sydney: Pass", "sydney-2: Pass"},
		"run-complete":    {"sydney: Pass", "sydney-2: Pass"},
	} {
		if diff := cmp.Diff(want, told[id]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
	if diff := cmp.Diff(ids(health.Status()), slices.Compact(checksOf(status))); diff != "" {
		t.Errorf("answers to one question are apart (-want +got):\n%s", diff)
	}
	if status.Phase != v1alpha1.PhasePartial || status.Outcome != v1alpha1.OutcomeFailed || len(status.Providers) != 2 {
		t.Errorf("%s, %s, %d providers", status.Phase, status.Outcome, len(status.Providers))
	}
}

// A region without a satellite skips the checks of satellites and of legacy releases.
func TestStatusWithoutSatellite(t *testing.T) {
	for _, test := range []struct {
		on      bool
		primary string // named in the journal
		want    v1alpha1.Phase
	}{{true, primaryURL, v1alpha1.PhaseAdopted}, {true, "", v1alpha1.PhaseAdopted}, {false, "", v1alpha1.PhaseLegacy}} {
		s := healthy()
		s.Region.Satellite, s.Legacy, s.Satellite = fleet.Satellite{}, snapshot.Known(snapshot.Legacy{}), snapshot.Fact[satellite.State]{}
		s.Cluster, s.SatelliteJournal, s.Endpoint = snapshot.Fact[snapshot.Cluster]{}, snapshot.Fact[*journal.Record]{}, snapshot.Fact[snapshot.Endpoint]{}
		s.Provider = snapshot.Known(coder.Provider{ID: "b", Name: "built-in", BuiltIn: true, Status: "ready", EnableNetV2: &test.on})
		s.ProviderJournal.Value().Primary = test.primary
		status := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated)
		if status.Satellite != nil || status.Phase != test.want || (status.Outcome == v1alpha1.OutcomeSucceeded) != test.on {
			t.Errorf("%+v", status)
		}
		want := []string{
			"primary-version", "primary-is-primary", "operator-role", "region-distinct", "provider-cluster", "provider-found", "provider-ready",
			"networking-v2", "workspaces-adopted", "primary-same", "canary", "run-complete",
		}
		if diff := cmp.Diff(want, checksOf(status)); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
		lose(&s.Provider)
		if got := health.NewRegionStatus([]*snapshot.Snapshot{s}, health.ExpectMigrated).Phase; got != v1alpha1.PhaseUnknown {
			t.Errorf("without its provider it is %s", got)
		}
	}
}

// A provider that is not known well enough makes its region unknown, whatever the order of the
// providers.
func TestUnknownProviderLeavesRegionUnknown(t *testing.T) {
	known, partial, unknown := healthy(), healthy(), healthy()
	off(partial)
	lose(&unknown.Provider)
	for name, test := range map[string]struct {
		views []*snapshot.Snapshot
		want  v1alpha1.Phase
	}{
		"first": {[]*snapshot.Snapshot{unknown, known}, v1alpha1.PhaseUnknown},
		"last":  {[]*snapshot.Snapshot{known, partial, unknown}, v1alpha1.PhaseUnknown},
		"none":  {[]*snapshot.Snapshot{known, partial, known}, v1alpha1.PhasePartial},
	} {
		if got := health.NewRegionStatus(test.views, health.ExpectMigrated).Phase; got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// A fleet is healthy if each of its regions is.
func TestStatusReport(t *testing.T) {
	well, ill := []*snapshot.Snapshot{healthy()}, []*snapshot.Snapshot{healthy()}
	off(ill[0])
	for name, test := range map[string]struct {
		regions [][]*snapshot.Snapshot
		want    []v1alpha1.Outcome // of the fleet, then of each region
	}{
		"well": {[][]*snapshot.Snapshot{well, well}, []v1alpha1.Outcome{v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeSucceeded, v1alpha1.OutcomeSucceeded}},
		"ill":  {[][]*snapshot.Snapshot{ill, well}, []v1alpha1.Outcome{v1alpha1.OutcomeFailed, v1alpha1.OutcomeFailed, v1alpha1.OutcomeSucceeded}},
	} {
		report := health.NewStatusReport(v1alpha1.Primary{URL: primaryURL}, test.regions, health.ExpectMigrated, healthy().Taken)
		got := []v1alpha1.Outcome{report.Outcome}
		for _, region := range report.Regions {
			got = append(got, region.Outcome)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || report.Primary.URL != primaryURL || !report.Taken.Time.Equal(healthy().Taken) {
			t.Errorf("%s: primary %s, taken %s; outcomes (-want +got):\n%s", name, report.Primary.URL, report.Taken, diff)
		}
	}
}
