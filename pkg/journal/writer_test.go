package journal

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadNone(t *testing.T) {
	server, client := newServer(t)
	record, err := Read(t.Context(), client, place)
	if record != nil || err != nil || server.sent() != "GET" {
		t.Errorf("got %v, %v", record, err)
	}
}

func TestReadFails(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		fault      fault
		corrupt    bool
		want       string
	}{
		{name: "network", fault: dropped, want: "the network is gone"},
		{name: "forbidden", fault: denied, want: "Forbidden"},
		{name: "empty", text: "", corrupt: true, want: "the journal coder-satellite/coder-satellite-journal cannot be understood"},
		{name: "torn", text: `{"version": 1, "steps": [`, corrupt: true, want: "unexpected end of JSON input"},
		{name: "no version", text: `{}`, corrupt: true, want: "it names no known version"},
		{name: "newer", text: `{"version": 2}`, want: "the journal coder-satellite/coder-satellite-journal was written by a newer version of the plugin"},
		{name: "newer, with other types", text: `{"version": 2, "steps": {}}`, want: "kubectl krew upgrade coder-satellite"},
		{name: "other type", text: `{"version": 1, "steps": 5}`, corrupt: true, want: "cannot unmarshal"},
		{name: "too long", text: strings.Repeat(" ", maxBytes) + `{"version": 1}`, corrupt: true, want: "longer than 512 KiB"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, client := newServer(t)
			server.put(tc.text)
			server.faults = []fault{tc.fault, tc.fault}
			_, readErr := Read(t.Context(), client, place)
			_, openErr := Open(t.Context(), client, place)
			for _, err := range []error{readErr, openErr} {
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "cannot be understood") != tc.corrupt {
					t.Errorf("unexpected error: %v", err)
				}
				if !tc.corrupt && err != nil && strings.Contains(err.Error(), "delete") {
					t.Errorf("it advises to delete the journal: %v", err)
				}
				if tc.corrupt && errors.Unwrap(err) == nil {
					t.Error("the cause is hidden")
				}
			}
			if got := server.sent(); got != "GET GET" {
				t.Errorf("it took %q", got)
			}
		})
	}
}

// A journal with fields that only a newer version knows is read, but never written without them.
func TestNewerFields(t *testing.T) {
	for _, text := range []string{
		`{"version": 1, "operation": "migrate", "waves": 3}`,
		`{"version": 1, "operation": "migrate", "before": {"satelliteRevision": 0, "dns": "x"}}`,
		`{"version": 1, "operation": "migrate", "steps": [{"name": "a", "state": "Done", "weight": 1}]}`,
	} {
		server, client := newServer(t)
		server.put(text)
		record, err := Read(t.Context(), client, place)
		if err != nil || record.Operation != "migrate" {
			t.Errorf("%s: it is not read: %v", text, err)
		}
		_, err = Open(t.Context(), client, place)
		if err == nil || !strings.Contains(err.Error(), "by a newer version") || !strings.Contains(err.Error(), "unknown field") || strings.Contains(err.Error(), "delete") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

func TestWrite(t *testing.T) {
	for _, tc := range []struct {
		name string
		// first and second are the faults of two writes.
		first, second  []fault
		wantFirst      string // part of the error
		wantSecond     string
		requests       string // of both writes
		secondConflict bool
		stored         string // the step in the stored journal at the end
	}{
		{name: "plain", requests: "POST PUT", stored: "two"},
		{name: "answer to create lost", first: []fault{lost}, requests: "POST GET PUT", stored: "two"},
		{name: "answer to update lost", second: []fault{lost}, requests: "POST PUT GET", stored: "two"},
		{
			name: "answer to create lost, and unreachable for a while", first: []fault{lost, dropped},
			wantFirst: "the network is gone", requests: "POST GET POST GET PUT", stored: "two",
		},
		{name: "create dropped", first: []fault{dropped}, wantFirst: "the network is gone", requests: "POST GET POST", stored: "two"},
		{name: "server fails", second: []fault{broken}, wantSecond: "InternalError", requests: "POST PUT GET", stored: "one"},
		{name: "conflict", second: []fault{conflict}, wantSecond: "somebody else wrote the journal", secondConflict: true, requests: "POST PUT GET", stored: "one"},
		{
			name: "conflict, and unreachable", second: []fault{conflict, dropped}, secondConflict: true,
			wantSecond: "somebody else wrote the journal", requests: "POST PUT GET", stored: "one",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			server, client := newServer(t)
			w, err := Open(t.Context(), client, place)
			if err != nil {
				t.Fatal(err)
			}
			_ = server.sent()
			record := w.Record()
			check := func(err error, want string) {
				t.Helper()
				if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			record.Step, server.faults = "one", slices.Clone(tc.first)
			check(w.Write(t.Context(), record), tc.wantFirst)
			record.Step, server.faults = "two", slices.Clone(tc.second)
			err = w.Write(t.Context(), record)
			check(err, tc.wantSecond)
			if is := new(ConflictError); errors.As(err, &is) != tc.secondConflict {
				t.Errorf("unexpected kind of error: %v", err)
			}
			if got := server.sent(); got != tc.requests {
				t.Errorf("it took %q, want %q", got, tc.requests)
			}
			if got := server.stored(t).Step; got != tc.stored {
				t.Errorf("the journal has the step %q", got)
			}
		})
	}
}

// An update that was stored although its answer was lost is recognised as this run's own.
func TestWriteAfterLostUpdate(t *testing.T) {
	server, client := newServer(t)
	w, err := Open(t.Context(), client, place)
	if err != nil {
		t.Fatal(err)
	}
	record := w.Record()
	write := func(step string, faults ...fault) error {
		record.Step, server.faults = step, faults
		return w.Write(t.Context(), record)
	}
	if err := write("one"); err != nil {
		t.Fatal(err)
	}
	if err := write("two", lost, dropped); !errors.Is(err, errNetwork) {
		t.Fatalf("unexpected error: %v", err)
	}
	if err := write("three", dropped, dropped); !errors.Is(err, errNetwork) {
		t.Fatalf("unexpected error: %v", err)
	}
	if err := write("four"); err != nil || server.stored(t).Step != "four" {
		t.Fatalf("unexpected error: %v", err)
	}
	// This run's write is known to be stored, so if an older one comes back, someone else wrote
	// it.
	server.put(`{"version": 1, "step": "two"}`)
	if err := write("five"); !errors.As(err, new(*ConflictError)) {
		t.Errorf("unexpected error: %v", err)
	}
}

func TestTwoWriters(t *testing.T) {
	server, client := newServer(t)
	ann, errAnn := Open(t.Context(), client, place)
	bob, errBob := Open(t.Context(), client, place)
	if err := errors.Join(errAnn, errBob); err != nil {
		t.Fatal(err)
	}
	if err := ann.Write(t.Context(), &Record{RunID: "ann"}); err != nil {
		t.Fatal(err)
	}
	err := bob.Write(t.Context(), &Record{RunID: "bob"})
	if is := new(ConflictError); !errors.As(err, &is) || is.Journal != place || errors.Unwrap(err) == nil {
		t.Errorf("unexpected error: %v", err)
	}
	if got := server.stored(t).RunID; got != "ann" {
		t.Errorf("the journal is %s's", got)
	}
}

func TestWriteGone(t *testing.T) {
	server, client := newServer(t)
	w, err := Open(t.Context(), client, place)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), w.Record()); err != nil {
		t.Fatal(err)
	}
	delete(server.objects, configMapPath)
	if err := w.Write(t.Context(), w.Record()); err == nil || !strings.Contains(err.Error(), "the journal coder-satellite/coder-satellite-journal was deleted") {
		t.Errorf("unexpected error: %v", err)
	}
}

// As long as only one run writes, whatever happens to its requests: none of its writes is taken
// for another's, every successful write is stored, and the journal never goes back to an earlier
// state.
func TestWriteAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		server, client := newServer(t)
		w, err := Open(t.Context(), client, place)
		if err != nil {
			rt.Fatal(err)
		}
		record, known := w.Record(), 0
		for i := range 20 {
			server.faults = rapid.SliceOfN(rapid.SampledFrom([]fault{none, none, dropped, lost, broken, denied}), 0, 5).Draw(rt, "faults")
			record.Started = record.Started.AddDate(0, 0, 1)
			err := w.Write(t.Context(), record)
			server.faults = nil
			if errors.As(err, new(*ConflictError)) {
				rt.Fatalf("write %d: %v", i, err)
			}
			if err == nil {
				known = i + 1
				if diff := cmp.Diff(record, server.stored(t)); diff != "" {
					rt.Fatalf("write %d: %s", i, diff)
				}
			}
			if server.objects[configMapPath] != nil && known > server.stored(t).Started.YearDay() {
				rt.Fatalf("write %d: the journal went back", i)
			}
		}
	})
}
