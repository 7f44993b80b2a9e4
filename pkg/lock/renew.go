package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/ptr"
)

// renew renews the lock three times within its duration, and more often while that fails, until it is stopped or lost.
// It gives up after two thirds of the duration without a renewal: others take over only after the whole of it, and an
// attempt takes at most a quarter.
func (l *Lock) renew(ctx context.Context) {
	defer close(l.done)
	duration := l.options.Duration
	timer := l.options.Clock.NewTimer(duration / 3)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		attempt, cancel := context.WithTimeout(ctx, duration/4)
		err := l.renewOnce(attempt)
		cancel()
		lost, pause := new(LostError), duration/3
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return
		case errors.As(err, &lost):
			l.lose(lost)
			return
		case !l.fresh():
			l.lose(&LostError{Lease: l.options.Lease, Silent: l.silent(), cause: err})
			return
		default:
			pause = duration / 15
		}
		timer.Reset(pause)
	}
}

// renewOnce writes the present time into the lease. It returns a *LostError if another run holds the lease, and any
// other error if that is unknown. It takes two requests, and two more after each conflict with another writer.
func (l *Lock) renewOnce(ctx context.Context) error {
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		begun := l.options.Clock.Now()
		lease, err := l.own(ctx)
		if err != nil {
			return err
		}
		lease.Spec.RenewTime = ptr.To(metav1.NewMicroTime(begun))
		if _, err = l.leases().Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
			return err
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		if begun.After(l.renewed) {
			l.renewed = begun
		}
		return nil
	})
}

// whoHas returns why the lock is lost. A lock that was not renewed may have been taken over since: one request asks.
func (l *Lock) whoHas(ctx context.Context) error {
	lost := new(LostError)
	if !errors.As(l.Err(), &lost) || lost.Silent == 0 || lost.By != "" {
		return l.Err()
	}
	lease, err := get(ctx, l.client, l.options.Lease)
	if err != nil || holder(lease) == "" || holder(lease) == l.options.Holder {
		return lost
	}
	now := *lost
	now.By = holder(lease)
	return &now
}

// fresh reports whether the latest renewal is so young that nobody can be about to take over.
func (l *Lock) fresh() bool {
	return l.silent() < l.options.Duration*2/3
}

// silent is how long ago the latest renewal began, by the clock that counted more: a machine that slept may not have
// counted that time in its steady clock, but has in its wall clock.
func (l *Lock) silent() time.Duration {
	l.mu.Lock()
	renewed := l.renewed
	l.mu.Unlock()
	now := l.options.Clock.Now()
	return max(now.Sub(renewed), now.Round(0).Sub(renewed.Round(0)))
}

// Check asks the cluster whether this run still holds the lock, in one request, and returns a *LostError otherwise. If
// the latest renewal is not fresh, as after the machine slept, it renews first, in two more. What is written within a
// third of the lock's duration after Check returned nil cannot meet the writes of a run that took the lock over.
func (l *Lock) Check(ctx context.Context) error {
	if l.Err() != nil {
		return l.whoHas(ctx)
	}
	if _, err := l.own(ctx); err != nil {
		return l.loseOr(err, "cannot determine whether this run still holds the lock")
	}
	if !l.fresh() {
		if err := l.renewOnce(ctx); err != nil {
			return l.loseOr(err, "the lock could not be renewed")
		}
		if !l.fresh() {
			return fmt.Errorf("the lock was renewed too slowly to be safe: the cluster took more than %s to answer", l.options.Duration*2/3)
		}
	}
	return l.Err()
}

// LostError means that this run no longer holds the lock. It must not write.
type LostError struct {
	Lease              types.NamespacedName
	By                 string        // holds the lock now; empty if nobody does, or if that is unknown
	UnlockedBy, Reason string        // who freed the lock, and why; empty if nobody did
	Silent             time.Duration // how long the lock was not renewed, if that is why it was lost
	cause              error
}

func (e *LostError) Error() string {
	how := "is gone"
	silence := fmt.Sprintf("was not renewed for %s, because its cluster did not answer or this machine slept", e.Silent.Round(time.Second))
	switch {
	case e.By != "" && e.Silent > 0:
		how = silence + ", and was taken over by " + e.By
	case e.By != "":
		how = "was taken over by " + e.By
	case e.UnlockedBy != "":
		how = fmt.Sprintf("was unlocked by %s (reason: %q)", e.UnlockedBy, e.Reason)
	case e.cause != nil:
		return fmt.Sprintf("the lock %s %s: stopped before the next write: %v", e.Lease, silence, e.cause)
	}
	return fmt.Sprintf("the lock %s %s: stopped before the next write", e.Lease, how)
}

func (e *LostError) Unwrap() error { return e.cause }
