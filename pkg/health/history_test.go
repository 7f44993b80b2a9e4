package health_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/health"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// journalOf is a journal of these runs, the latest last.
func journalOf(runs ...v1alpha1.Run) snapshot.Fact[*journal.Record] {
	latest := runs[len(runs)-1]
	record := &journal.Record{
		RunID: latest.ID, Operation: latest.Operation, Outcome: latest.Outcome, Step: latest.Step,
		Started: latest.Started.Time, Updated: latest.Updated.Time, History: runs[:len(runs)-1],
	}
	if latest.Error != "" {
		record.Steps = []v1alpha1.StepResult{{Name: latest.Step, State: v1alpha1.StepFailed, Error: latest.Error}}
	}
	return snapshot.Known(record)
}

func TestHistory(t *testing.T) {
	at := func(minute int) metav1.Time {
		return metav1.NewTime(time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC))
	}
	run := func(id string, outcome v1alpha1.Outcome, started, updated int) v1alpha1.Run {
		return v1alpha1.Run{ID: id, Operation: "migrate", Outcome: outcome, Step: "step-" + id, Started: at(started), Updated: at(updated)}
	}
	failed := run("two", v1alpha1.OutcomeFailed, 10, 13)
	failed.Error = "no image"
	later := run("two", v1alpha1.OutcomeSucceeded, 10, 15)
	later.Step = "the last"
	none := snapshot.Known[*journal.Record](nil)
	gone := snapshot.Unknown[*journal.Record](errors.New("the cluster does not answer"))
	view := func(region, provider string, satellite, of snapshot.Fact[*journal.Record]) *snapshot.Snapshot {
		return &snapshot.Snapshot{
			Region: fleet.Region{Name: region, Satellite: fleet.Satellite{Context: region}}, Declared: fleet.Provider{Name: provider},
			SatelliteJournal: satellite, ProviderJournal: of,
		}
	}
	place := func(r v1alpha1.Run, places ...string) v1alpha1.PastRun {
		return v1alpha1.PastRun{Run: r, Places: places}
	}
	old := run("", v1alpha1.OutcomeSucceeded, 1, 2) // written by a version that kept no IDs, so it never counts as the same run as another
	joined := run("two", v1alpha1.OutcomeSucceeded, 10, 15)
	joined.Step = "the last"
	withoutSatellite := view("hq", "built-in", snapshot.Fact[*journal.Record]{}, journalOf(run("six", "", 20, 21)))
	withoutSatellite.Region.Satellite = fleet.Satellite{}
	got := health.NewHistory(v1alpha1.Primary{URL: "https://coder.example.com"}, [][]*snapshot.Snapshot{
		{
			view("london", "a", journalOf(old, run("two", v1alpha1.OutcomeSucceeded, 10, 12)), journalOf(old, failed)),
			view("london", "b", none, journalOf(later)),
		},
		{view("ohio", "ohio", none, none)},
		{view("paris", "paris", journalOf(run("four", v1alpha1.OutcomeSucceeded, 3, 4)), gone)},
		{withoutSatellite},
	})
	want := &v1alpha1.History{
		Primary: v1alpha1.Primary{URL: "https://coder.example.com"}, Outcome: v1alpha1.OutcomeFailed,
		Regions: []v1alpha1.RegionHistory{
			{Name: "london", Runs: []v1alpha1.PastRun{place(joined, "satellite", "b"), place(failed, "a"), place(old, "satellite"), place(old, "a")}},
			{Name: "ohio"},
			{Name: "paris", Runs: []v1alpha1.PastRun{place(run("four", v1alpha1.OutcomeSucceeded, 3, 4), "satellite"), place(v1alpha1.Run{Error: "the cluster does not answer"}, "paris")}},
			{Name: "hq", Runs: []v1alpha1.PastRun{place(run("six", "", 20, 21), "built-in")}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if read := health.NewHistory(v1alpha1.Primary{}, [][]*snapshot.Snapshot{{view("ohio", "ohio", none, none)}}); read.Outcome != v1alpha1.OutcomeSucceeded {
		t.Errorf("outcome %s although every journal was read", read.Outcome)
	}
}
