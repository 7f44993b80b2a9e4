package migration

import (
	"context"
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// pollInterval is how often waits look again.
const pollInterval = time.Second

// WaitFor reads the items again and again until ready returns nil, or ctx
// ends; then the error says what was still missing. ready's error is also the
// progress line. An error that is hopeless ends the wait at once.
func (run *Run) WaitFor(ctx context.Context, what string, items []snapshot.Item, ready func(*snapshot.Snapshot) error) error {
	return run.until(ctx, what, func() error {
		run.Refresh(ctx, items...)
		return ready(run.Now)
	})
}

// until looks again and again until look returns nil or a hopeless error, or ctx
// ends; look's error says what is still missing.
func (run *Run) until(ctx context.Context, what string, look func() error) error {
	ticker := run.Clock.NewTicker(pollInterval)
	defer ticker.Stop()
	var last error
	for {
		missing := look()
		if missing == nil || is[*hopelessError](missing) {
			return missing
		}
		inTime := !over(ctx) // what is missing for lack of time hides what blocked
		if inTime {
			run.progress(fmt.Sprintf("%s: %v", what, missing), is[*manualError](missing))
		}
		if inTime || last == nil {
			last = missing
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w (last seen: %w)", what, context.Cause(ctx), last)
		case <-ticker.C():
		}
	}
}

// over reports whether ctx has ended, or would have if its timer had run: calls
// that know its deadline fail a little earlier.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

// manualError marks what waiting alone will not bring: a person must do it.
type manualError struct{ error }

func (e *manualError) Unwrap() error { return e.error }

// hopelessError marks a state, or an answer, that waiting will not change.
type hopelessError struct{ err error }

func hopeless(err error) error { return &hopelessError{err} }

func (e *hopelessError) Error() string { return e.err.Error() }
func (e *hopelessError) Unwrap() error { return e.err }

// answered marks those errors of the primary as hopeless that it would give
// again: it refuses the token or the user, or does not know what was asked for.
// A satellite that is not registered yet refuses, too, so this is not for its answers.
func answered(err error) error {
	if coder.IsUnauthorized(err) || coder.IsForbidden(err) || coder.IsNotFound(err) {
		return hopeless(err)
	}
	return err
}
