package journal

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func minute(n int) time.Time { return noon.Add(time.Duration(n) * time.Minute) }

func begin(record *Record, n int, operation string) {
	record.Start(Start{RunID: fmt.Sprint(n), Operation: operation, Operator: "ann@example.com", PlanFingerprint: "sha256:00", Primary: "https://Coder.example.com:443/", Reason: "--token=hunter2", At: minute(n)})
}

func TestRuns(t *testing.T) {
	record := &Record{}
	begin(record, 0, "migrate")
	if len(record.History) != 0 {
		t.Errorf("a first run has a history: %+v", record.History)
	}
	off, on := false, true
	record.Remember(Before{NetworkingV2: &off})
	record.Retention, record.Canary, record.RegistrationID = &Ledger{Release: "legacy"}, &Canary{ID: "c"}, "r"
	step := v1alpha1.StepResult{Name: "retain-legacy", Started: metav1.NewTime(minute(1)), Finished: metav1.NewTime(minute(2))}
	record.Begin(step)
	if record.Step != step.Name || record.State != v1alpha1.StepRunning || record.Updated != minute(1) {
		t.Errorf("not as begun: %+v", record)
	}
	step.State, step.Error = v1alpha1.StepFailed, "the first error"
	record.End(step)
	record.End(v1alpha1.StepResult{Name: "compensate", State: v1alpha1.StepUndoFailed, Error: "what followed", Finished: metav1.NewTime(minute(2))})
	record.Finish(v1alpha1.OutcomeInterrupted, minute(3))

	begin(record, 4, "rollback")
	record.Remember(Before{NetworkingV2: &on}) // a later value does not replace the first one
	want := &Record{
		RunID: "4", Operation: "rollback", Operator: "ann@example.com", PlanFingerprint: "sha256:00", Primary: "https://coder.example.com",
		Started: minute(4), Updated: minute(4),
		Before: &Before{NetworkingV2: &off}, RegistrationID: "r", Canary: &Canary{ID: "c"}, Retention: &Ledger{Release: "legacy"},
		Reason: "--token=(redacted)",
		History: []v1alpha1.Run{{
			ID: "0", Operation: "migrate", Operator: "ann@example.com", Step: "compensate", State: v1alpha1.StepUndoFailed, Outcome: v1alpha1.OutcomeInterrupted,
			Reason: "--token=(redacted)", Error: "the first error", Started: metav1.NewTime(minute(0)), Updated: metav1.NewTime(minute(3)),
		}},
	}
	if diff := cmp.Diff(want, record); diff != "" {
		t.Error(diff)
	}
}

// Secrets are removed from a step's message before it is shortened, so the journal does not
// contain even a part of one.
func TestRecordHoldsNoSecrets(t *testing.T) {
	record := &Record{Retention: &Ledger{Reason: "told to by https://ann:hunter2@example.com"}}
	long := strings.Repeat("x", maxText-25) + " postgres://coder:hunter2@db/coder"
	record.End(v1alpha1.StepResult{Name: "a", Message: "--db-password=hunter2", Error: long})
	data, err := Encode(record)
	if err != nil || strings.Contains(string(data), "hunt") {
		t.Errorf("%s, %v", data, err)
	}
	if _, err := Decode(data); err != nil {
		t.Error(err)
	}
}

func TestRecordIsBounded(t *testing.T) {
	record := &Record{}
	for n := range 20 {
		begin(record, n, "migrate")
	}
	if got := len(record.History); got != maxRuns || !record.History[0].Started.Time.Equal(minute(14)) || !record.History[4].Started.Time.Equal(minute(18)) {
		t.Errorf("%d runs are kept: %+v", got, record.History)
	}
	long := strings.Repeat("<é>", 1<<20)
	for n := range 100 {
		record.End(v1alpha1.StepResult{Name: fmt.Sprint(n), Message: long, Error: long})
	}
	if got := len(record.Steps); got != maxSteps || record.Steps[0].Name != "50" {
		t.Errorf("%d steps are kept, from %s on", got, record.Steps[0].Name)
	}
	for _, step := range record.Steps {
		if len(step.Message) > maxText || len(step.Error) > maxText {
			t.Fatalf("%d and %d bytes of text are kept", len(step.Message), len(step.Error))
		}
	}
}

// A record that is too long drops its oldest steps first, then its oldest runs, and never what a
// rollback needs.
func TestEncodeSheds(t *testing.T) {
	off := false
	fill := func(steps, runs, reason int) *Record {
		record := &Record{Before: &Before{NetworkingV2: &off, RegistrationID: "r"}, Retention: &Ledger{Release: "legacy", Reason: strings.Repeat("o", reason)}}
		for n := range steps {
			record.Steps = append(record.Steps, v1alpha1.StepResult{Name: fmt.Sprint(n), Error: strings.Repeat("<", maxText)})
		}
		for n := range runs {
			record.History = append(record.History, v1alpha1.Run{Step: fmt.Sprint(n) + strings.Repeat("<", 32<<10)})
		}
		return record
	}
	for _, tc := range []struct {
		name                  string
		steps, runs, reason   int
		wantSteps, wantRuns   int
		latestStep, latestRun string
		fails                 bool
	}{
		{name: "short", steps: 2, runs: 1, wantSteps: 2, wantRuns: 1, latestStep: "1", latestRun: "0"},
		{name: "full of steps", steps: 50, runs: 1, wantSteps: 25, wantRuns: 1, latestStep: "49", latestRun: "0"},
		{name: "full of runs", steps: 3, runs: 5, wantSteps: 0, wantRuns: 2, latestRun: "4"},
		{name: "full of what is kept", reason: 600 << 10, fails: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			record := fill(tc.steps, tc.runs, tc.reason)
			data, err := Encode(record)
			if tc.fails {
				if err == nil || !strings.Contains(err.Error(), "512 KiB") {
					t.Errorf("unexpected error: %v", err)
				}
				return
			}
			if err != nil || len(data) > maxBytes {
				t.Fatalf("%d bytes: %v", len(data), err)
			}
			if len(record.Steps) != tc.steps || len(record.History) != tc.runs {
				t.Error("the record itself was changed")
			}
			got, err := Decode(data)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Steps) != tc.wantSteps || len(got.History) != tc.wantRuns || got.Retention == nil || got.Before == nil {
				t.Errorf("%d steps and %d runs were kept", len(got.Steps), len(got.History))
			}
			if tc.latestStep != "" && got.Steps[len(got.Steps)-1].Name != tc.latestStep {
				t.Error("the latest step was left out")
			}
			if !strings.HasPrefix(got.History[len(got.History)-1].Step, tc.latestRun) {
				t.Error("the latest run was left out")
			}
		})
	}
}

func TestCovers(t *testing.T) {
	ledger := &Ledger{Namespace: "coder", Release: "legacy", Revision: 3}
	for _, tc := range []struct {
		ledger             *Ledger
		namespace, release string
		revision           int
		want               bool
	}{
		{ledger, "coder", "legacy", 3, true},
		{ledger, "coder", "legacy", 4, false},
		{ledger, "coder", "other", 3, false},
		{ledger, "other", "legacy", 3, false},
		{nil, "coder", "legacy", 3, false},
	} {
		if got := tc.ledger.Covers(tc.namespace, tc.release, tc.revision); got != tc.want {
			t.Errorf("%+v: got %v", tc, got)
		}
	}
}

// Clusters keep records for years. This version reads what an older plugin wrote, and accepts
// what a newer one adds.
func TestDecodeOlderAndNewer(t *testing.T) {
	got, err := Decode([]byte(`{"version": 1, "operation": "migrate", "before": {"networkingV2": false, "satelliteRevision": 2}, "addedLater": {"x": [1]}}`))
	off := false
	want := &Record{Version: 1, Operation: "migrate", Before: &Before{NetworkingV2: &off, SatelliteRevision: 2}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// No field of a record could hold a secret, judged by its type and name.
func TestNoSecrets(t *testing.T) {
	var walk func(reflect.Type, string)
	walk = func(typ reflect.Type, path string) {
		switch typ.Kind() {
		case reflect.Pointer, reflect.Slice:
			walk(typ.Elem(), path)
		case reflect.Map, reflect.Interface:
			t.Errorf("%s can hold anything", path)
		case reflect.Struct:
			if typ == reflect.TypeFor[time.Time]() || typ == reflect.TypeFor[metav1.Time]() {
				return
			}
			for i := range typ.NumField() {
				name := typ.Field(i).Name
				for _, word := range []string{"token", "password", "secret", "private", "credential"} {
					if strings.Contains(strings.ToLower(name), word) {
						t.Errorf("%s.%s looks like a secret", path, name)
					}
				}
				walk(typ.Field(i).Type, path+"."+name)
			}
		}
	}
	walk(reflect.TypeFor[Record](), "Record")
}

func FuzzDecode(f *testing.F) {
	off := false
	full, err := Encode(&Record{
		RunID: "1", Operation: "migrate", Operator: "ann@example.com", Step: "retain-legacy", State: v1alpha1.StepDone,
		Started: noon, Updated: noon, Before: &Before{NetworkingV2: &off}, Canary: &Canary{ID: "c", BuiltBefore: noon},
		Retention: &Ledger{Namespace: "coder", At: noon},
		Steps:     []v1alpha1.StepResult{{Name: "retain-legacy", Started: metav1.NewTime(noon)}}, History: []v1alpha1.Run{{Operation: "plan"}},
	})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"", "null", "[]", `{"version":1}`, `{"version":-1}`, `{"version":2}`, `{"version":1,"retention":{"annotated":["Role/envproxy"]}}`, `{"version":1,"started":"0000-01-01T00:00:00Z"}`, string(full)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		record, err := Decode(data)
		if err != nil {
			if record != nil {
				t.Error("an error and a record")
			}
			return
		}
		// A decoded record can be encoded, and decodes to the same again.
		first, err := Encode(record)
		if err != nil {
			if len(data) < maxBytes/8 {
				t.Fatalf("%d bytes cannot be written again: %v", len(data), err)
			}
			return
		}
		again, err := Decode(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Encode(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("%v: %s and %s", err, first, second)
		}
		if !json.Valid(first) {
			t.Error("not JSON")
		}
	})
}
