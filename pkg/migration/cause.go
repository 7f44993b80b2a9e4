package migration

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
)

// ErrInterrupted is the cause of a context that a signal ended.
var ErrInterrupted = errors.New("stopped by a signal")

// TimeoutError is the cause of a context that ran out of its time.
type TimeoutError struct {
	What  string        // a step's name, or "the region"
	After time.Duration // how long it was given
	Flag  string        // gives it more
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%s was not done within %s (%s gives it more time)", e.What, e.After, e.Flag)
}

// withTimeout is context.WithTimeoutCause for a duration of which 0 means no bound.
func withTimeout(ctx context.Context, what string, after time.Duration, flag string) (context.Context, context.CancelFunc) {
	if after <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, after, &TimeoutError{What: what, After: after, Flag: flag})
}

// because puts the reason for which ctx ended, if it did, before the error of
// what it ended: clients say "context canceled", and not why. After a signal
// that is all they have to say, and is left out.
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

// outcomeOf tells how a part of a region ended from the error that ended it.
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

// lockLost reports whether err means that this run no longer holds the lock:
// then nothing may be written through the fence, not even to compensate.
func lockLost(err error) bool { return is[*lock.LostError](err) }

// ownedByAnother reports whether err means that somebody else has taken the
// lock from this run on purpose, or after it seemed to be dead.
func ownedByAnother(err error) bool {
	lost, found := errors.AsType[*lock.LostError](err)
	return found && (lost.By != "" || lost.UnlockedBy != "")
}
