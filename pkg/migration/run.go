package migration

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// commitTimeout bounds one short write and its confirmation.
const commitTimeout = 30 * time.Second

// Run is the state of one run on a part of a region that steps work with.
type Run struct {
	// Source is where facts come from; its clients refuse to write once the lock is lost.
	Source *snapshot.Source
	// Unfenced is the primary past the fence, for switching off alone; nil if there is none.
	Unfenced *coder.Client
	// Initial is what was found when the run began; Now is the latest.
	Initial, Now *snapshot.Snapshot
	Operator     string // an e-mail address
	Options      Options
	Clock        clock.WithTicker
	// SatelliteRecord and ProviderRecord are the journals' records as they will be
	// written next; nil where the run does not write one. Steps change their owner's
	// directly; the engine writes it before and after each step.
	SatelliteRecord, ProviderRecord *journal.Record

	// registering is set while a registration was asked for and not answered.
	registering bool

	progress func(message string, attention bool)
}

// Refresh reads the items again into run.Now. A journal that this run writes is
// not read from the cluster: it is the only writer, and its record is ahead of
// what is stored.
func (run *Run) Refresh(ctx context.Context, items ...snapshot.Item) {
	items = slices.DeleteFunc(slices.Clone(items), func(item snapshot.Item) bool { return item == snapshot.ItemJournal })
	run.Source.Refresh(ctx, run.Now, items...)
	run.note()
}

// note puts the records of this run in place of those that were read.
func (run *Run) note() {
	if run.SatelliteRecord != nil {
		run.Now.SatelliteJournal = snapshot.Known(run.SatelliteRecord)
	}
	if run.ProviderRecord != nil {
		run.Now.ProviderJournal = snapshot.Known(run.ProviderRecord)
	}
}

// Progress tells the operator, in one line, what is being waited for or done.
func (run *Run) Progress(format string, args ...any) {
	run.progress(fmt.Sprintf(format, args...), false)
}

// Commit returns a context for one write that must not be torn by a signal or
// a timeout: it outlives ctx, but not by more than half a minute.
func (run *Run) Commit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
}

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
type hopelessError struct{ error }

func hopeless(err error) error { return &hopelessError{err} }

func (e *hopelessError) Unwrap() error { return e.error }

// answered marks those errors of the primary as hopeless that it would give
// again: it refuses the token or the user, or does not know what was asked for.
// A satellite that is not registered yet refuses, too, so this is not for its answers.
func answered(err error) error {
	if coder.IsUnauthorized(err) || coder.IsForbidden(err) || coder.IsNotFound(err) {
		return hopeless(err)
	}
	return err
}
