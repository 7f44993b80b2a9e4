package migration

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
)

var testNow = time.Date(2021, 7, 1, 12, 0, 0, 0, time.UTC)

func TestEngine(t *testing.T) {
	boom := errors.New("boom")
	for name, test := range map[string]struct {
		so        []bool
		trouble   map[string]trouble
		failWrite int
		writeErr  error
		wantErr   error
		wantSo    []bool
		wantLog   []string
		wantState []string
	}{
		"everything is to be done": {
			so:        []bool{false, false, false},
			wantSo:    []bool{true, true, true},
			wantLog:   []string{"apply step-0", "apply step-1", "apply step-2"},
			wantState: []string{"step-0 Done", "step-1 Done", "step-2 Done"},
		},
		"everything is done": {
			so:        []bool{true, true, true},
			wantSo:    []bool{true, true, true},
			wantState: []string{"step-0 Already", "step-1 Already", "step-2 Already"},
		},
		"a later run goes on": {
			so:        []bool{true, false, false},
			wantSo:    []bool{true, true, true},
			wantLog:   []string{"apply step-1", "apply step-2"},
			wantState: []string{"step-0 Already", "step-1 Done", "step-2 Done"},
		},
		"a step fails after it took effect": {
			so:        []bool{false, false, false},
			trouble:   map[string]trouble{"apply step-1": {err: boom, anyway: true}},
			wantErr:   boom,
			wantSo:    []bool{true, true, false},
			wantLog:   []string{"apply step-0", "apply step-1", "settle step-1"},
			wantState: []string{"step-0 Done", "step-1 Failed"},
		},
		"the switch fails after it took effect": {
			so:        []bool{false, false, false},
			trouble:   map[string]trouble{"apply step-2": {err: boom, anyway: true}},
			wantErr:   boom,
			wantSo:    []bool{true, true, true},
			wantLog:   []string{"apply step-0", "apply step-1", "apply step-2", "settle step-2"},
			wantState: []string{"step-0 Done", "step-1 Done", "step-2 Failed"},
		},
		"a signal leaves the rest to the next run": {
			so:        []bool{false, false, false},
			trouble:   map[string]trouble{"apply step-1": {err: fmt.Errorf("waiting: %w", ErrInterrupted)}},
			wantErr:   ErrInterrupted,
			wantSo:    []bool{true, false, false},
			wantLog:   []string{"apply step-0", "apply step-1", "settle step-1"},
			wantState: []string{"step-0 Done", "step-1 Interrupted"},
		},
		"a lost lock ends all writing": {
			so:        []bool{false, false, false},
			trouble:   map[string]trouble{"apply step-2": {err: &lock.LostError{By: "bob"}, anyway: true}},
			wantErr:   &lock.LostError{By: "bob"},
			wantSo:    []bool{true, true, true},
			wantLog:   []string{"apply step-0", "apply step-1", "apply step-2", "settle step-2"},
			wantState: []string{"step-0 Done", "step-1 Done", "step-2 Interrupted"},
		},
		"a journal that cannot be written stops before the step": {
			so:        []bool{false, false, false},
			failWrite: 2, writeErr: boom,
			wantErr:   boom,
			wantSo:    []bool{true, false, false},
			wantLog:   []string{"apply step-0", "settle step-1"},
			wantState: []string{"step-0 Done", "step-1 Interrupted"},
		},
		"a journal that somebody else writes stops everything": {
			so:        []bool{false, false, false},
			failWrite: 3, writeErr: &journal.ConflictError{},
			wantErr:   &journal.ConflictError{},
			wantSo:    []bool{true, true, false},
			wantLog:   []string{"apply step-0", "apply step-1", "settle step-2"},
			wantState: []string{"step-0 Done", "step-1 Done", "step-2 Interrupted"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(test.so...)
			if test.trouble != nil {
				w.trouble = test.trouble
			}
			w.failWrite, w.writeErr = test.failWrite, test.writeErr
			e, report := w.engine(t.Context(), Options{})
			err := e.run(t.Context())
			if (err == nil) != (test.wantErr == nil) || (err != nil && !errors.Is(err, test.wantErr) && !sameKind(err, test.wantErr)) {
				t.Errorf("error %v, want %v", err, test.wantErr)
			}
			if diff := cmp.Diff(test.wantSo, w.so); diff != "" {
				t.Errorf("flags: %s", diff)
			}
			if diff := cmp.Diff(test.wantLog, w.log); diff != "" {
				t.Errorf("log: %s", diff)
			}
			if diff := cmp.Diff(test.wantState, states(report)); diff != "" {
				t.Errorf("the report: %s", diff)
			}
			if w.broken != "" {
				t.Error(w.broken)
			}
		})
	}
}

// sameKind reports whether err wraps an error of the same type as want.
func sameKind(err, want error) bool {
	return lockLost(err) && lockLost(want) || is[*journal.ConflictError](err) && is[*journal.ConflictError](want)
}

// The journal is written before each change, but not for a step that has nothing to change.
func TestEngineJournals(t *testing.T) {
	w := newWorld(true, false, false)
	e, _ := w.engine(t.Context(), Options{})
	if err := e.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.writes != 2 {
		t.Errorf("%d writes, want one for each of the two changes", w.writes)
	}
	if got := w.record.Step + " " + string(w.record.State); got != "step-2 Done" {
		t.Errorf("the record ends with %q", got)
	}
}

// A step that cannot be verified has failed, whatever Apply returned.
func TestEngineVerifies(t *testing.T) {
	w := newWorld(false, false)
	w.trouble["apply step-0"] = trouble{}
	e, report := w.engine(t.Context(), Options{})
	e.operation.Steps[0].Apply = idle
	err := e.run(t.Context())
	if err == nil || err.Error() != "step-0: the change was made but could not be verified: make it so" {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"step-0 Failed"}, states(report)); diff != "" {
		t.Error(diff)
	}
}

// A forced step that leaves something undone says so, and the run continues.
func TestEngineForces(t *testing.T) {
	w := newWorld(false)
	e, report := w.engine(t.Context(), Options{})
	e.operation.Steps[0].Apply, e.operation.Steps[0].Forced = idle, true
	if err := e.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"step-0 Done"}, states(report)); diff != "" {
		t.Error(diff)
	}
	if said := report.Steps[0].Message; said != "continued because of --force, although this is not done: make it so" {
		t.Errorf("it says %q", said)
	}
}

// idle succeeds without changing anything.
func idle(context.Context, *Run) error { return nil }

// If the context ends, its cause is the run's error, also when the end made facts unknown.
func TestEngineEnded(t *testing.T) {
	for name, cause := range map[string]error{
		"signal":  ErrInterrupted,
		"timeout": &TimeoutError{What: "the region", After: time.Minute, Flag: "--timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false, false)
			ctx, cancel := context.WithCancelCause(t.Context())
			e, report := w.engine(ctx, Options{})
			cancel(cause)
			if err := e.run(ctx); !errors.Is(err, cause) {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff([]string{"settle"}, w.log); diff != "" || len(report.Steps) > 0 {
				t.Errorf("something was done: %v %s", report.Steps, diff)
			}
		})
	}
}

// Clients report the end of a context as "context canceled". The engine still returns the cause.
// After a signal it returns nothing else.
func TestEngineEndedWithinAStep(t *testing.T) {
	for name, test := range map[string]struct {
		cause error
		want  []string
	}{
		"signal":    {ErrInterrupted, []string{"step-0 Interrupted"}},
		"lost lock": {&lock.LostError{By: "bob"}, []string{"step-0 Interrupted"}},
		"timeout":   {&TimeoutError{What: "the region", After: time.Minute, Flag: "--timeout"}, []string{"step-0 Failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(false, false)
			ctx, cancel := context.WithCancelCause(t.Context())
			e, report := w.engine(ctx, Options{})
			e.operation.Steps[0].Apply = cut(func() { cancel(test.cause) })
			err := e.run(ctx)
			if told := !errors.Is(test.cause, ErrInterrupted); !errors.Is(err, test.cause) || errors.Is(err, context.Canceled) != told {
				t.Errorf("error %v, want %v, including the client's own error: %t", err, test.cause, told)
			}
			if diff := cmp.Diff(test.want, states(report)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// cut applies a step whose context ends while the step waits for an answer.
func cut(end func()) func(context.Context, *Run) error {
	return func(ctx context.Context, _ *Run) error {
		end()
		return fmt.Errorf("reading the release: %w", ctx.Err())
	}
}
