package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// TestHistory: past runs are listed from the journals with the operator's reason, each once,
// although the satellite and the provider both record it. A run's file of events has every step
// of its report, and the next run appends to it.
func TestHistory(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	resetRegion(t, "ohio")
	for namespace, name := range map[string]string{inlab.SatelliteNamespace: "configmap/" + inlab.SatelliteJournal, inlab.LegacyNamespace: journalOf(t, "ohio")} {
		kubectl(t, "ohio", "--namespace", namespace, "delete", "--ignore-not-found", name)
	}
	if region := document[v1alpha1.History](t, 0, on("ohio", "history")...).Regions[0]; len(region.Runs) != 0 {
		t.Errorf("runs without a journal: %+v", region.Runs)
	}
	events := filepath.Join(t.TempDir(), "events.ndjson")
	migrated := document[v1alpha1.MigrationReport](t, 0, on("ohio", "migrate", "--yes", "--events", events)...)
	first := eventsIn(t, events)
	back := document[v1alpha1.MigrationReport](t, 0, on("ohio", "rollback", "--yes", "--reason", "users cannot connect", "--events", events)...)
	both := eventsIn(t, events)
	if diff := cmp.Diff(first, both[:len(first)]); diff != "" {
		t.Errorf("the second run changed the events of the first (-before +after):\n%s", diff)
	}
	for run, report := range map[*v1alpha1.MigrationReport][]v1alpha1.Progress{&migrated: first, &back: both[len(first):]} {
		var ended []string
		for _, event := range report {
			if event.Step != "" && event.State != v1alpha1.StepRunning {
				ended = append(ended, event.Step+"="+string(event.State))
			}
		}
		if diff := cmp.Diff(states(run.Regions[0]), ended); diff != "" {
			t.Errorf("%s (-report +events):\n%s", run.Operation, diff)
		}
		if !slices.IsSortedFunc(report, func(a, b v1alpha1.Progress) int { return a.Time.Compare(b.Time.Time) }) {
			t.Errorf("%s: the events are not in order: %+v", run.Operation, report)
		}
	}

	history := document[v1alpha1.History](t, 0, on("ohio", "history")...)
	var told []string
	for _, run := range history.Regions[0].Runs {
		told = append(told, strings.Join([]string{run.Operation, run.Operator, strings.Join(run.Places, "+"), string(run.Outcome), run.Reason}, " "))
		if run.ID == "" || run.Started.IsZero() || run.Updated.Before(&run.Started) {
			t.Errorf("%+v", run)
		}
	}
	operator := history.Primary.Operator
	if diff := cmp.Diff([]string{"rollback " + operator + " ohio Succeeded users cannot connect", "migrate " + operator + " satellite+ohio Succeeded "}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := plugin(t, 0, on("ohio", "history", "-o", "wide")...)
	saysAll(t, "history", text.Stdout, []string{"PLACE", "migrate", "rollback", "succeeded", "users cannot"})

	kubectl(t, "ohio", "--namespace", inlab.LegacyNamespace, "patch", journalOf(t, "ohio"), "--patch", `{"data": {"journal.json": "{"}}`)
	t.Cleanup(func() { kubectl(t, "ohio", "--namespace", inlab.LegacyNamespace, "delete", journalOf(t, "ohio")) })
	torn := document[v1alpha1.History](t, 1, on("ohio", "history")...).Regions[0].Runs
	if last := torn[len(torn)-1]; len(torn) != 2 || last.Operation != "" || !strings.Contains(last.Error, "cannot be understood") || !slices.Equal(last.Places, []string{"ohio"}) {
		t.Errorf("with a torn journal: %+v", torn)
	}
}

// eventsIn returns the events in the file, which only its owner may read.
func eventsIn(t *testing.T, path string) (events []v1alpha1.Progress) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for line := range bytes.Lines(data) {
		var event v1alpha1.Progress
		if err := json.Unmarshal(line, &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if err := schema.Validate(line); err != nil {
			t.Error(err)
		}
		events = append(events, event)
	}
	return events
}
