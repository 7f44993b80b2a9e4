package health

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// lastRunEnded judges the last run in a journal; command returns the command line that runs a verb again.
func lastRunEnded(noted snapshot.Fact[*journal.Record], held snapshot.Fact[*lock.State], command func(string) string) Answer {
	if missing := cmp.Or(noted.Err(), held.Err()); missing != nil {
		return unknown(missing, "")
	}
	record := noted.Value()
	if held := held.Value(); held != nil && held.Holder != "" {
		doing := ""
		if record != nil && record.Operation != "" && record.Outcome == "" {
			doing = fmt.Sprintf("; %s by %s is at step %s", record.Operation, record.Operator, record.Step)
		}
		return warn("wait for it, or take over an abandoned lock with `kubectl coder-satellite unlock`",
			"%s holds the lock since %s%s", held.Holder, held.Acquired.UTC().Format("2006-01-02 15:04:05 MST"), doing)
	}
	ended := "stopped without recording a result"
	switch {
	case record == nil || record.Operation == "":
		return skip("there is no journal: nothing was run here yet")
	case record.Outcome == v1alpha1.OutcomeSucceeded:
		return pass("the last %s, by %s, succeeded", record.Operation, record.Operator)
	case record.Outcome != "":
		ended = "ended " + string(record.Outcome)
	}
	return fail(command(record.Operation), "the last %s, by %s, %s at step %s", record.Operation, record.Operator, ended, record.Step)
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
