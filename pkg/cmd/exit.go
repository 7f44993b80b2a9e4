package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Exit codes of the plugin; help/exit-codes.txt says what they mean. On Windows kubectl turns every failure into 1, so
// documents carry the same outcome.
const (
	exitFailed          = 1
	exitChangesPending  = 2
	exitPartlyFailed    = 3
	exitLockHeld        = 4
	exitPreflightFailed = 5
	exitUsage           = 64
	exitTimedOut        = 124
	exitInterrupted     = 130
)

// exitCodes annotates a command with its exit codes other than success, usage and failure.
const exitCodes = "coder-satellite.dev/exit-codes"

// ExitCodes returns the command's exit codes and their meanings, one per line; the root has all of them.
func ExitCodes(cmd *cobra.Command) string {
	shown := strings.Fields(fmt.Sprint(cmd.Annotations[exitCodes], " ", 0, exitFailed, exitUsage))
	text, _ := texts.ReadFile("help/exit-codes.txt")
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if !cmd.HasParent() || slices.Contains(shown, strings.Fields(line)[0]) {
			b.WriteString(line)
		}
	}
	return b.String()
}

type exitError struct {
	code int
	err  error // nil when everything was said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{exitUsage, err}
}

func usagef(format string, args ...any) error { return usage(fmt.Errorf(format, args...)) }

// refuse returns that error of the command line if something is wrong.
func refuse(wrong bool, format string, args ...any) error {
	if wrong {
		return usagef(format, args...)
	}
	return nil
}

// ExitCode returns an error's exit code and the message to print, "" if a document said it all.
func ExitCode(err error) (code int, message string) {
	exit, is := errors.AsType[*exitError](err)
	switch {
	case err == nil:
		return 0, ""
	case !is:
		return exitFailed, err.Error()
	case exit.err == nil:
		return exit.code, ""
	}
	return exit.code, err.Error()
}

// interrupted returns an error if a signal ended the command before it acted, so that facts are unknown.
func interrupted(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &exitError{exitInterrupted, context.Cause(ctx)}
}

func exitFor(outcome v1alpha1.Outcome) int {
	code, ok := map[v1alpha1.Outcome]int{
		v1alpha1.OutcomeSucceeded: 0, v1alpha1.OutcomeNothingToDo: 0, v1alpha1.OutcomeChangesPending: 0,
		v1alpha1.OutcomePartlyFailed:    exitPartlyFailed,
		v1alpha1.OutcomeLockHeld:        exitLockHeld,
		v1alpha1.OutcomeLockLost:        exitLockHeld,
		v1alpha1.OutcomePreflightFailed: exitPreflightFailed,
		v1alpha1.OutcomeTimedOut:        exitTimedOut,
		v1alpha1.OutcomeInterrupted:     exitInterrupted,
	}[outcome]
	if !ok {
		return exitFailed
	}
	return code
}

// ended returns the error for an outcome's exit code; the document has given the reason.
func ended(outcome v1alpha1.Outcome) error {
	if code := exitFor(outcome); code != 0 {
		return &exitError{code: code}
	}
	return nil
}

// inTime turns a failure into TimedOut if --timeout was too short for every region.
func inTime(survey *snapshot.Survey, outcome v1alpha1.Outcome) v1alpha1.Outcome {
	if exitFor(outcome) != 0 && survey.TimedOut() {
		return v1alpha1.OutcomeTimedOut
	}
	return outcome
}
