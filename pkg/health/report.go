package health

import (
	"cmp"
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// ReadStatus reads the regions of the survey, each within the timeout, and evaluates the checks of status. The error is the
// cause of ctx's end.
func ReadStatus(ctx context.Context, survey *snapshot.Survey, timeout time.Duration, expect Expectation, taken time.Time) (*v1alpha1.StatusReport, error) {
	regions, err := survey.Collect(ctx, timeout, snapshot.CheckItems()...)
	if err != nil {
		return nil, err
	}
	return NewStatusReport(survey.Primary(ctx).Document(), regions, expect, taken), nil
}

// NewStatusReport evaluates the checks of status on the views of all regions, as they were at that time.
func NewStatusReport(primary v1alpha1.Primary, regions [][]*snapshot.Snapshot, expect Expectation, taken time.Time) *v1alpha1.StatusReport {
	report := &v1alpha1.StatusReport{Primary: primary, Outcome: v1alpha1.OutcomeSucceeded, Taken: metav1.NewTime(taken)}
	for _, views := range regions {
		region := NewRegionStatus(views, expect)
		report.Regions = append(report.Regions, region)
		if region.Outcome != v1alpha1.OutcomeSucceeded {
			report.Outcome = v1alpha1.OutcomeFailed
		}
	}
	return report
}

// NewRegionStatus evaluates the checks of status on the views of a region's providers; at least one.
func NewRegionStatus(views []*snapshot.Snapshot, expect Expectation) v1alpha1.RegionStatus {
	first := views[0]
	status := v1alpha1.RegionStatus{
		Name: first.Region.Name, Phase: phase(first), Outcome: v1alpha1.OutcomeSucceeded,
		Checks: EvaluateRegion(views, func(s *snapshot.Snapshot) []v1alpha1.CheckResult { return Evaluate(Status(), s) }),
	}
	if satellite := first.Region.Satellite; !satellite.None() {
		status.Satellite = &v1alpha1.SatelliteStatus{
			Context: satellite.Context, AccessURL: satellite.AccessURL, Version: first.Satellite.Value().AppVersion,
			Run: lastRun(first.SatelliteJournal.Value(), first.SatelliteLock.Value()),
		}
	}
	for _, s := range views {
		provider := v1alpha1.ProviderStatus{
			Provider: v1alpha1.Provider{ID: s.ProviderID(), Name: s.ProviderName()},
			Context:  s.Declared.Context, Phase: phase(s), NetworkingV2: s.Networking(),
			Run: lastRun(s.ProviderJournal.Value(), s.ProviderLock.Value()), Distance: s.Distance(),
		}
		if record := s.ProviderJournal.Value(); record != nil {
			provider.LongestGapMilliseconds = record.LongestGap
		}
		if adoption, err := workspaces.AdoptionOf(s); err == nil {
			provider.Adoption = &adoption
		}
		status.Providers = append(status.Providers, provider)
		status.Phase = together(status.Phase, provider.Phase)
	}
	if expect == ExpectPlanned {
		skipMigration(views, status.Checks)
	}
	if slices.ContainsFunc(status.Checks, v1alpha1.CheckResult.Failed) {
		status.Outcome = v1alpha1.OutcomeFailed
	}
	return status
}

// together joins the phases of two providers into one of their region.
func together(a, b v1alpha1.Phase) v1alpha1.Phase {
	migrated := []v1alpha1.Phase{v1alpha1.PhaseMigrated, v1alpha1.PhaseAdopted}
	switch {
	case a == b:
		return a
	case slices.Contains(migrated, a) && slices.Contains(migrated, b):
		return v1alpha1.PhaseMigrated
	case a == v1alpha1.PhaseUnknown || b == v1alpha1.PhaseUnknown:
		return v1alpha1.PhaseUnknown
	}
	return v1alpha1.PhasePartial
}

// phase returns how far the provider of s is migrated, from facts alone.
func phase(s *snapshot.Snapshot) v1alpha1.Phase {
	networking := s.Networking()
	none := s.Region.Satellite.None() // users connect through the primary
	state, known := s.Satellite.Get()
	_, registered := s.Registration()
	switch {
	case networking == v1alpha1.NetworkingV2Unknown || !none && (!known || !s.Legacy.IsKnown() || !s.Registrations.IsKnown()):
		return v1alpha1.PhaseUnknown
	case none && networking == v1alpha1.NetworkingV2Off:
		return v1alpha1.PhaseLegacy
	case none:
		return adopted(s)
	case !state.Installed && !registered && networking == v1alpha1.NetworkingV2Off:
		return v1alpha1.PhaseLegacy
	case !state.Installed || !registered || networking == v1alpha1.NetworkingV2Off:
		return v1alpha1.PhasePartial
	case len(s.Legacy.Value().Found.Releases) == 0:
		return v1alpha1.PhaseFinalized
	}
	return adopted(s)
}

func adopted(s *snapshot.Snapshot) v1alpha1.Phase {
	if adoption, err := workspaces.AdoptionOf(s); err == nil && workspaces.Complete(adoption) {
		return v1alpha1.PhaseAdopted
	}
	return v1alpha1.PhaseMigrated
}

// lastRun describes the last or present run, from a journal and the lock beside it; nil if there was none.
func lastRun(record *journal.Record, held *lock.State) (run *v1alpha1.Run) {
	if record != nil {
		run = new(record.Run())
	}
	if held != nil && held.Holder != "" {
		run = cmp.Or(run, &v1alpha1.Run{})
		run.Holder, run.HeldSince = held.Holder, new(metav1.NewTime(held.Acquired))
	}
	return run
}

// Expectation is how status judges a region that no migration has reached yet.
type Expectation string

// Expectations.
const (
	ExpectMigrated Expectation = "migrated" // it fails
	ExpectPlanned  Expectation = "planned"  // it waits for its turn if its legacy path works
)

// skipMigration skips the checks that fail only because no migration was begun: the region has no part of a satellite,
// and every legacy release that it needs is found and works.
func skipMigration(views []*snapshot.Snapshot, results []v1alpha1.CheckResult) {
	begun := func(s *snapshot.Snapshot) bool {
		site := s.Satellite.Value()
		return phase(s) != v1alpha1.PhaseLegacy || snapshot.Settled(s.ProviderJournal.Err()) || site.Pending != nil || site.LastRevision > 0 || site.Workload
	}
	missing := func(r v1alpha1.CheckResult) bool {
		return slices.Contains([]string{"satellite-installed", "networking-v2", "legacy-retained"}, r.ID)
	}
	broken := func(r v1alpha1.CheckResult) bool {
		return r.Category == "legacy" && r.ID != "legacy-owner" && r.Notable() && !missing(r)
	}
	if slices.ContainsFunc(views, begun) || slices.ContainsFunc(results, broken) {
		return
	}
	for i, r := range results {
		if missing(r) && r.State == v1alpha1.CheckFail {
			results[i].State, results[i].Hint = v1alpha1.CheckSkipped, ""
			results[i].Message = "not migrated yet, as --expect planned allows: " + r.Message
		}
	}
}

// NewHistory lists the runs that the journals in the views of all regions record.
func NewHistory(primary v1alpha1.Primary, regions [][]*snapshot.Snapshot) *v1alpha1.History {
	history := &v1alpha1.History{Primary: primary, Outcome: v1alpha1.OutcomeSucceeded}
	for _, views := range regions {
		region := v1alpha1.RegionHistory{Name: views[0].Region.Name}
		add := func(place string, fact snapshot.Fact[*journal.Record]) {
			if record, known := fact.Get(); !known {
				history.Outcome = v1alpha1.OutcomeFailed
				region.Runs = join(region.Runs, v1alpha1.Run{Error: fact.Err().Error()}, place)
			} else if record != nil {
				for _, run := range append(slices.Clone(record.History), record.Run()) {
					region.Runs = join(region.Runs, run, place)
				}
			}
		}
		if !views[0].Region.Satellite.None() {
			add("satellite", views[0].SatelliteJournal)
		}
		for _, s := range views {
			add(s.ProviderName(), s.ProviderJournal)
		}
		slices.SortStableFunc(region.Runs, func(a, b v1alpha1.PastRun) int { return b.Started.Compare(a.Started.Time) })
		history.Regions = append(history.Regions, region)
	}
	return history
}

// join adds a run that was found at a place, to the same run at other places if it ended alike there.
func join(runs []v1alpha1.PastRun, run v1alpha1.Run, place string) []v1alpha1.PastRun {
	i := slices.IndexFunc(runs, func(r v1alpha1.PastRun) bool {
		return run.ID != "" && r.ID == run.ID && r.Outcome == run.Outcome && r.Error == run.Error
	})
	if i < 0 {
		return append(runs, v1alpha1.PastRun{Run: run, Places: []string{place}})
	}
	if runs[i].Updated.Before(&run.Updated) {
		runs[i].Step, runs[i].State, runs[i].Updated = run.Step, run.State, run.Updated
	}
	runs[i].Places = append(runs[i].Places, place)
	return runs
}
