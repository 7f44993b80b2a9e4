package cmd

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// putJournal stores a journal with two finished runs in the API server.
func (w *world) putJournal(t *testing.T, namespace, name string) {
	t.Helper()
	record := &journal.Record{}
	for i, operation := range []string{"migrate", "rollback"} {
		at := time.Date(2026, 3, 1, 12+i, 0, 0, 0, time.UTC)
		record.Start(journal.Start{RunID: fmt.Sprint("run-", i), Operation: operation, Operator: "ann@example.com", Reason: "token=" + hostile, At: at})
		record.Finish(v1alpha1.OutcomeSucceeded, at.Add(time.Minute))
	}
	data, err := journal.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	w.putJournalText(t, namespace, name, string(data))
}

func (w *world) putJournalText(t *testing.T, namespace, name, text string) {
	t.Helper()
	object, err := json.Marshal(map[string]any{
		"kind": "ConfigMap", "apiVersion": "v1", "metadata": metav1.ObjectMeta{Name: name, Namespace: namespace}, "data": map[string]string{"journal.json": text},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.objects["/api/v1/namespaces/"+namespace+"/configmaps/"+name] = string(object)
}

func TestHistoryOfRegion(t *testing.T) {
	w := newWorld(t)
	got := w.run(t.Context(), t, "history", "--context", "sydney")
	if got.code != 0 || !strings.Contains(got.out, "sydney  -      none") {
		t.Errorf("without journals: exit code %d:\n%s%s", got.code, got.out, got.errOut)
	}
	provider := journal.ProviderName(w.primary.Providers()[0].ID)
	w.putJournal(t, "coder-satellite", journal.Name)
	w.putJournal(t, "coder", provider)
	var told []string
	for _, run := range decode[v1alpha1.History](t, w.run(t.Context(), t, "history", "--context", "sydney", "-o", "json")).Regions[0].Runs {
		told = append(told, run.Operation+" of "+run.Operator+" at "+strings.Join(run.Places, ", ")+" "+string(run.Outcome)+" after "+run.Updated.Sub(run.Started.Time).String())
	}
	if diff := cmp.Diff([]string{
		"rollback of ann@example.com at satellite, sydney Succeeded after 1m0s", "migrate of ann@example.com at satellite, sydney Succeeded after 1m0s",
	}, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wide := w.run(t.Context(), t, "history", "--context", "sydney", "-o", "wide")
	if wide.code != 0 || strings.ContainsAny(wide.out, "\x1b\u009b") || !strings.Contains(wide.out, "token=(redacted") {
		t.Errorf("exit code %d: %q", wide.code, wide.out)
	}
	if len(w.writes)+len(w.primary.Writes()) > 0 {
		t.Errorf("written: %v, %v", w.writes, w.primary.Writes())
	}
}

// A journal that cannot be read, for any reason, is shown as unknown. The other journal is still
// shown.
func TestHistoryIsUnknown(t *testing.T) {
	const path = "/api/v1/namespaces/coder-satellite/configmaps/" + journal.Name
	for name, test := range map[string]struct {
		spoil func(*testing.T, *world)
		says  string
	}{
		"refused": {func(_ *testing.T, w *world) { w.trouble = map[string]string{path: `"etcd is away"`} }, "etcd is away"},
		"torn":    {func(t *testing.T, w *world) { w.putJournalText(t, "coder-satellite", journal.Name, `{"version":`) }, "cannot be understood"},
		"newer":   {func(t *testing.T, w *world) { w.putJournalText(t, "coder-satellite", journal.Name, `{"version":2}`) }, "upgrade the plugin"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.putJournal(t, "coder", journal.ProviderName(w.primary.Providers()[0].ID))
			test.spoil(t, w)
			got := w.run(t.Context(), t, "history", "--context", "sydney", "-o", "json")
			runs := decode[v1alpha1.History](t, got).Regions[0].Runs
			if got.code != exitFailed || len(runs) != 3 || runs[2].Operation != "" || !cmp.Equal(runs[2].Places, []string{"satellite"}) || !strings.Contains(runs[2].Error, test.says) {
				t.Errorf("exit code %d: %+v", got.code, runs)
			}
			text := w.run(t.Context(), t, "history", "--context", "sydney")
			if text.code != exitFailed || !strings.Contains(strings.Join(strings.Fields(text.out), " "), test.says) {
				t.Errorf("exit code %d:\n%s", text.code, text.out)
			}
		})
	}
}
