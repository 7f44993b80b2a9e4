package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
)

// ErrInterrupted is the cause of a context that a signal canceled.
var ErrInterrupted = errors.New("stopped by a signal")

// TimeoutError is the cause of a context that timed out.
type TimeoutError struct {
	What  string        // a step's name, or "the region"
	After time.Duration // the timeout
	Flag  string        // sets the timeout
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s did not finish within %s (%s allows more time)", e.What, e.After, e.Flag)
}

// withTimeout is context.WithTimeoutCause, with 0 for no timeout.
func withTimeout(ctx context.Context, what string, after time.Duration, flag string) (context.Context, context.CancelFunc) {
	if after <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, after, &TimeoutError{What: what, After: after, Flag: flag})
}

// because adds the cause of ctx to an error of what ctx ended: clients only say "context canceled". After a signal, that adds
// nothing, and the cause alone is returned.
func because(ctx context.Context, err error) error {
	cause := context.Cause(ctx)
	switch {
	case err == nil, cause == nil, errors.Is(err, cause):
		return err
	case errors.Is(cause, ErrInterrupted) && errors.Is(err, context.Canceled):
		return cause
	default:
		return fmt.Errorf("%w: %w", cause, err)
	}
}

func outcomeOf(err error) v1alpha1.Outcome {
	switch {
	case err == nil:
		return v1alpha1.OutcomeSucceeded
	case is[*notStartedError](err):
		return v1alpha1.OutcomeNotStarted
	case is[changedError](err):
		return v1alpha1.OutcomePreflightFailed
	case is[*lock.HeldError](err):
		return v1alpha1.OutcomeLockHeld
	case lockLost(err):
		return v1alpha1.OutcomeLockLost
	case errors.Is(err, ErrInterrupted):
		return v1alpha1.OutcomeInterrupted
	case is[*TimeoutError](err):
		return v1alpha1.OutcomeTimedOut
	default:
		return v1alpha1.OutcomeFailed
	}
}

// is reports whether err is, or wraps, an error of type E.
func is[E error](err error) bool {
	_, found := errors.AsType[E](err)
	return found
}

// lockLost reports whether this run lost the lock. It can no longer write through the fence, not even to compensate.
func lockLost(err error) bool { return is[*lock.LostError](err) }

// ownedByAnother reports whether somebody took the lock from this run, on purpose or because the run seemed dead.
func ownedByAnother(err error) bool {
	lost, found := errors.AsType[*lock.LostError](err)
	return found && (lost.By != "" || lost.UnlockedBy != "")
}
