package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// ran is a run as -o json prints it, with the outcomes of its regions.
func ran(t *testing.T, began, ended int, regions ...string) string {
	t.Helper()
	run := v1alpha1.MigrationReport{Operation: "migrate", Primary: v1alpha1.Primary{URL: "https://coder.example.com"}, Started: at(began), Finished: at(ended)}
	for _, region := range regions {
		name, outcome, _ := strings.Cut(region, "=")
		run.Regions = append(run.Regions, v1alpha1.RegionReport{Name: name, Outcome: v1alpha1.Outcome(outcome)})
	}
	return shown(t, v1alpha1.KindMigrationReport, run)
}

func looked(t *testing.T, taken int, regions ...string) string {
	t.Helper()
	look := v1alpha1.StatusReport{Primary: v1alpha1.Primary{URL: "https://coder.example.com"}, Taken: at(taken), Outcome: v1alpha1.OutcomeFailed}
	for _, region := range regions {
		name, outcome, _ := strings.Cut(region, "=")
		look.Regions = append(look.Regions, v1alpha1.RegionStatus{Name: name, Outcome: v1alpha1.Outcome(outcome)})
	}
	return shown(t, "StatusReport", look)
}

func shown(t *testing.T, kind string, document any) string {
	t.Helper()
	data, err := json.MarshalIndent(document, "", "    ")
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("{\n    \"apiVersion\": %q,\n    \"kind\": %q,", v1alpha1.GroupVersion().String(), kind)
	return head + strings.TrimPrefix(string(data), "{") + "\n"
}

// first is the outcome of the first region.
func first(regions []v1alpha1.RegionReport) v1alpha1.Outcome { return regions[0].Outcome }

// The latest run in which a region was started says how it ended, in whatever order the documents are read, and what a log
// has between them is left out.
func TestMerge(t *testing.T) {
	inputs := []string{
		"06:01:02 sydney: install-satellite {not a document}\n" + ran(t, 10, 20, "sydney=Interrupted", "ohio=Succeeded") + "interrupted: no further region starts\n",
		ran(t, 5, 30, "sydney=NotStarted", "london=Failed"),
		"a pod that was killed\n",
		ran(t, 40, 50, "london=Succeeded") + looked(t, 1, "ohio=Failed", "paris=Succeeded") + looked(t, 2, "ohio=Succeeded"),
		ran(t, 44, 46, "ohio=NothingToDo"), // which says less than what was done
	}
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {1, 4, 3, 0, 2}} {
		r := Report{Several: true}
		for _, i := range order {
			if err := r.Read([]byte(inputs[i])); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.Merge(first); err != nil {
			t.Fatal(err)
		}
		got := map[string]v1alpha1.Outcome{}
		for _, region := range r.Done.Regions {
			got[region.Name] = region.Outcome
		}
		want := map[string]v1alpha1.Outcome{"sydney": v1alpha1.OutcomeInterrupted, "ohio": v1alpha1.OutcomeSucceeded, "london": v1alpha1.OutcomeSucceeded}
		if diff := cmp.Diff(want, got); diff != "" || r.Done.Regions[0].Name != "london" || r.Done.Outcome != v1alpha1.OutcomeSucceeded {
			t.Errorf("%v: %s\n%+v", order, diff, r.Done)
		}
		if begun, ended := at(5), at(50); !r.Done.Started.Equal(&begun) || !r.Done.Finished.Equal(&ended) {
			t.Errorf("%v: from %s to %s", order, r.Done.Started, r.Done.Finished)
		}
		if r.Status.Outcome != v1alpha1.OutcomeSucceeded || len(r.Status.Regions) != 2 || r.Status.Regions[0].Name != "ohio" {
			t.Errorf("%v: %+v", order, r.Status)
		}
		var page bytes.Buffer
		if err := r.Write(&page, "markdown"); err != nil || !strings.Contains(page.String(), "london") {
			t.Errorf("%v\n%s", err, page.String())
		}
	}
	failed := Report{Several: true}
	if err := failed.Read([]byte(looked(t, 1, "ohio=Failed"))); err != nil || failed.Merge(first) != nil || failed.Status.Outcome != v1alpha1.OutcomeFailed {
		t.Errorf("%v %+v", err, failed.Status)
	}
}

func TestMergeRefuses(t *testing.T) {
	run := ran(t, 1, 2, "ohio=Succeeded")
	for want, input := range map[string]string{
		"hold no MigrationReport":        "nothing\n" + `{"apiVersion":"coder-satellite.dev/v1alpha1","kind":"Progress","time":null,"message":"x"}` + "\n",
		"are of several operations":      run + strings.ReplaceAll(run, `"migrate"`, `"rollback"`),
		"or of several primaries":        run + strings.ReplaceAll(run, "coder.example.com", "staging.example.com"),
		"several primaries":              run + strings.ReplaceAll(looked(t, 1), "coder.example.com", "staging.example.com"),
		"it is truncated":                run[:len(run)/2] + "\n",
		"operations, or of several prim": looked(t, 1) + strings.ReplaceAll(looked(t, 1), "coder.example.com", "staging.example.com"),
	} {
		r := Report{Several: true}
		err := r.Read([]byte(input))
		if err == nil {
			err = r.Merge(first)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
