package cmd

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
)

// Scripts rely on these numbers.
func TestOutcomesHaveExitCodes(t *testing.T) {
	for outcome, want := range map[v1alpha1.Outcome]int{
		v1alpha1.OutcomeSucceeded:       0,
		v1alpha1.OutcomeNothingToDo:     0,
		v1alpha1.OutcomeChangesPending:  0, // only plan uses 2 for this
		v1alpha1.OutcomeFailed:          1,
		v1alpha1.OutcomePartlyFailed:    3,
		v1alpha1.OutcomeLockHeld:        4,
		v1alpha1.OutcomePreflightFailed: 5,
		v1alpha1.OutcomeTimedOut:        124,
		v1alpha1.OutcomeInterrupted:     130,
		v1alpha1.OutcomeNotStarted:      1,
		v1alpha1.OutcomeUnreachable:     1, // applies to one region; a report as a whole is partly failed
		"":                              1,
		"Surprise":                      1, // an unknown outcome is not a success
	} {
		if got := exitFor(outcome); got != want {
			t.Errorf("%q: %d, want %d", outcome, got, want)
		}
		code, message := ExitCode(ended(outcome))
		if code != want || message != "" {
			t.Errorf("ended %q: %d, %q; the document has said why", outcome, code, message)
		}
	}
}

func TestExitCode(t *testing.T) {
	cause := errors.New("the cause")
	for name, test := range map[string]struct {
		err     error
		code    int
		message string
	}{
		"none":             {nil, 0, ""},
		"any":              {cause, 1, "the cause"},
		"usage":            {usage(cause), 64, "the cause"},
		"usage of nothing": {usage(nil), 0, ""},
		"usagef":           {usagef("--x is %d", 7), 64, "--x is 7"},
		"wrapped":          {fmt.Errorf("region: %w", usage(cause)), 64, "region: the cause"},
		"said already":     {&exitError{code: 2}, 2, ""},
		"first of several": {errors.Join(cause, &exitError{exitLockHeld, errors.New("held")}), 4, "the cause\nheld"},
		"preflight":        {&exitError{exitPreflightFailed, cause}, 5, "the cause"},
	} {
		t.Run(name, func(t *testing.T) {
			code, message := ExitCode(test.err)
			if code != test.code || message != test.message {
				t.Errorf("%d, %q", code, message)
			}
		})
	}
	if err := usage(cause); !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if text := (&exitError{code: 3}).Error(); text != "exit code 3" {
		t.Errorf("%q", text)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	if err := interrupted(ctx); err != nil {
		t.Errorf("nothing happened yet: %v", err)
	}
	interrupt(migration.ErrInterrupted)
	err := interrupted(ctx)
	if code, _ := ExitCode(err); code != exitInterrupted || !errors.Is(err, migration.ErrInterrupted) {
		t.Errorf("%d, %v", code, err)
	}
}
