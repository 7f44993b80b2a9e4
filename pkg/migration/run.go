package migration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// commitTimeout bounds one short write and its confirmation.
const commitTimeout = 30 * time.Second

// Run is the state of a run on a part of a region, for its steps.
type Run struct {
	*Runner                         // with the Operator, the Options and the Clock
	Source       *snapshot.Source   // its clients refuse to write once the lock is lost
	Unfenced     *coder.Client      // the primary without the fence, only for switching off; may be nil
	Initial, Now *snapshot.Snapshot // when the steps began, nil before; and the latest
	// SatelliteRecord and ProviderRecord are the journals' next contents; nil if the run does not write that journal. Steps
	// change their owner's record, and the engine writes it before and after each step.
	SatelliteRecord, ProviderRecord *journal.Record

	registering bool // the primary has not answered a request for registration

	progress func(message string, attention bool)
}

// Refresh reads the items again into run.Now. Journals that this run writes are not read: only this run writes them, and its
// records are ahead of what is stored.
func (run *Run) Refresh(ctx context.Context, items ...snapshot.Item) {
	items = slices.DeleteFunc(slices.Clone(items), func(item snapshot.Item) bool { return item == snapshot.ItemJournal })
	run.Source.Refresh(ctx, run.Now, items...)
	run.note()
}

// note replaces the journals in run.Now by this run's records.
func (run *Run) note() {
	if run.SatelliteRecord != nil {
		run.Now.SatelliteJournal = snapshot.Known(run.SatelliteRecord)
	}
	if run.ProviderRecord != nil {
		run.Now.ProviderJournal = snapshot.Known(run.ProviderRecord)
	}
}

// Progress tells the operator, in one line, what the run does or waits for.
func (run *Run) Progress(format string, args ...any) {
	run.progress(fmt.Sprintf(format, args...), false)
}

// Commit returns a context for one write that a signal or a timeout must not cut off: it outlives ctx by up to half a minute.
func (run *Run) Commit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
}

const pollInterval = time.Second // of waits

// WaitFor reads the items repeatedly until ready returns nil or a hopeless error, or ctx ends. ready's error says what is
// still missing, in the progress line and at the end.
func (run *Run) WaitFor(ctx context.Context, what string, items []snapshot.Item, ready func(*snapshot.Snapshot) error) error {
	return run.until(ctx, what, func() error {
		run.Refresh(ctx, items...)
		return ready(run.Now)
	})
}

// until calls look repeatedly until it returns nil or a hopeless error, or ctx ends.
func (run *Run) until(ctx context.Context, what string, look func() error) error {
	ticker := run.Clock.NewTicker(pollInterval)
	defer ticker.Stop()
	var last error
	for {
		missing := look()
		if missing == nil || is[*hopelessError](missing) {
			return missing
		}
		inTime := !over(ctx) // past the deadline, missing facts would hide the real reason
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

// over reports whether ctx has ended or is past its deadline: calls that know the deadline fail slightly earlier.
func over(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

type manualError struct{ error }

func (e *manualError) Unwrap() error { return e.error }

// hopelessError marks a state or an answer that waiting does not change.
type hopelessError struct{ error }

func hopeless(err error) error { return &hopelessError{err} }

func (e *hopelessError) Unwrap() error { return e.error }

// answered marks errors as hopeless that the primary would return again: it refuses the token or the user, or does not find
// the object. A satellite that is not registered yet also refuses, so its answers do not qualify.
func answered(err error) error {
	if coder.IsUnauthorized(err) || coder.IsForbidden(err) || coder.IsNotFound(err) {
		return hopeless(err)
	}
	return err
}

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
