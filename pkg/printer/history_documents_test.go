package printer_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/printer"
	"github.com/coder-satellite/kubectl-coder-satellite/test/schema"
)

// pastRuns has runs with every outcome, a region without runs, and journals that could not be
// read for the same reason.
func pastRuns() *v1alpha1.History {
	run := func(id, operation string, outcome v1alpha1.Outcome, from, to int) v1alpha1.Run {
		return v1alpha1.Run{ID: id, Operation: operation, Operator: "operator@example.com", Outcome: outcome, Started: at(from), Updated: at(to)}
	}
	failed := run("5b4c3d2e", "migrate", v1alpha1.OutcomeFailed, 100, 192)
	failed.Step, failed.State, failed.Error = "enable-networking-v2", v1alpha1.StepFailed, "the primary answered 502 bad gateway"
	back := run("6b4c3d2e", "rollback", v1alpha1.OutcomeSucceeded, 300, 333)
	back.Reason = "users in Perth cannot connect"
	unread := v1alpha1.Run{Error: "the cluster does not answer in 20s"}
	return &v1alpha1.History{Primary: primary(), Outcome: v1alpha1.OutcomeFailed, Regions: []v1alpha1.RegionHistory{
		{Name: "sydney", Runs: []v1alpha1.PastRun{
			{Run: run("7b4c3d2e", "migrate", "", 400, 410), Places: []string{"satellite"}},
			{Run: back, Places: []string{"sydney", "perth"}},
			{Run: run("5b4c3d2e", "migrate", v1alpha1.OutcomeSucceeded, 100, 192), Places: []string{"satellite", "perth"}},
			{Run: failed, Places: []string{"sydney"}},
		}},
		{Name: "london"},
		{Name: "ohio", Runs: []v1alpha1.PastRun{{Run: unread, Places: []string{"satellite"}}, {Run: unread, Places: []string{"ohio"}}}},
	}}
}

func hostilePast() *v1alpha1.History {
	run := v1alpha1.Run{ID: hostile, Operation: hostile, Operator: hostile, Step: hostile, State: hostile, Outcome: hostile, Reason: hostile, Error: hostile, Started: at(0), Updated: at(1)}
	return &v1alpha1.History{Regions: []v1alpha1.RegionHistory{{Name: hostile, Runs: []v1alpha1.PastRun{
		{Run: run, Places: []string{hostile}}, {Run: v1alpha1.Run{Error: hostile}, Places: []string{hostile}},
	}}}}
}

// An event is one line of JSON that matches its schema, without secrets and control characters.
func TestEventLine(t *testing.T) {
	event := v1alpha1.Progress{
		Time: at(0), Region: "sydney", Provider: "a", Step: "install-satellite", State: v1alpha1.StepRunning, Index: 2, Total: 9,
		Message: "first\nsecond --db-password=hunter2 \u009b2J\u202e" + hostile,
	}
	text := printer.EventLine(event)
	if err := schema.Validate(text); err != nil {
		t.Error(err)
	}
	if bytes.IndexByte(text, '\n') != len(text)-1 || strings.Contains(string(text), "hunter2") || strings.ContainsAny(string(text), "\x1b\u009b\u202e") {
		t.Errorf("%q", text)
	}
	var read v1alpha1.Progress
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	event.TypeMeta = metav1.TypeMeta{APIVersion: "coder-satellite.dev/v1alpha1", Kind: "Progress"}
	event.Message = strings.NewReplacer("hunter2", "(redacted)", "\xff", "\uFFFD").Replace(event.Message)
	read.Time.Time = read.Time.UTC()
	if diff := cmp.Diff(event, read); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}
