// Package lock lets one run at a time change a region: a Lease in the
// satellite's namespace that its holder renews, and a fence that stops every
// write of a run that has lost it.
package lock

import (
	"context"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
)

// Name is the Lease's name in the satellite's namespace.
const Name = "coder-satellite-lock"

// DefaultDuration is how long a lock outlives its holder's last renewal.
const DefaultDuration = 15 * time.Second

// annotationOperation tells what the holder does.
const annotationOperation = "coder-satellite.dev/operation"

// Options are how to take a lock.
type Options struct {
	// Namespace is the satellite's.
	Namespace string
	// Holder names this run, and no other run ever: "operator@host/run".
	Holder string
	// Operation is the verb that the lock is taken for.
	Operation string
	// Duration is how long the lock outlives the last renewal; 0 means DefaultDuration.
	Duration time.Duration
	Clock    clock.WithTicker
}

// HeldError means that another run holds the lock and is alive.
type HeldError struct {
	Namespace string
	// Holder is the other run, and Operation what it does.
	Holder, Operation string
	// Since is when it took the lock, by its own clock.
	Since time.Time
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("%s holds the lock for %q since %s: wait for it, or see `kubectl coder-satellite status`; if it is abandoned, `kubectl coder-satellite unlock` takes it over",
		e.Holder, e.Operation, e.Since.UTC().Format("2006-01-02 15:04:05 MST"))
}

// LostError means that this run no longer holds the lock. It must not write.
type LostError struct {
	Namespace string
	// By holds the lock now; empty if nobody does or it is not known.
	By    string
	cause error
}

func (e *LostError) Error() string {
	switch {
	case e.By != "":
		return fmt.Sprintf("the lock %s/%s was taken over by %s: stopped before the next write", e.Namespace, Name, e.By)
	case e.cause != nil:
		return fmt.Sprintf("the lock %s/%s could not be renewed in time: stopped before the next write: %v", e.Namespace, Name, e.cause)
	default:
		return fmt.Sprintf("the lock %s/%s is gone: stopped before the next write", e.Namespace, Name)
	}
}

func (e *LostError) Unwrap() error { return e.cause }

// Lock is a lock that is held. It is renewed in the background until it is
// released or lost.
type Lock struct {
	client  kubernetes.Interface
	options Options

	stop func()
	done chan struct{}
	lost chan struct{}

	mu  sync.Mutex
	err error
}

// Acquire takes the lock. If it is free, that takes two requests. If another
// run holds it, Acquire watches it for as long as it would outlive its holder,
// by this machine's clock alone, so that no clocks are compared: if it is
// renewed meanwhile, the error is a *HeldError, and if not, it is taken over.
func Acquire(ctx context.Context, client kubernetes.Interface, options Options) (*Lock, error) {
	if options.Duration == 0 {
		options.Duration = DefaultDuration
	}
	l := &Lock{client: client, options: options, done: make(chan struct{}), lost: make(chan struct{})}
	if err := l.acquire(ctx); err != nil {
		return nil, err
	}
	renewing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = cancel
	go l.renew(renewing)
	return l, nil
}

func (l *Lock) acquire(ctx context.Context) error {
	leases := l.client.CoordinationV1().Leases(l.options.Namespace)
	var (
		watched  *coordinationv1.Lease
		deadline time.Time
	)
	ticker := l.options.Clock.NewTicker(max(l.options.Duration/10, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		lease, err := leases.Get(ctx, Name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			lease = nil
		case err != nil:
			return fmt.Errorf("the lock cannot be read: %w", err)
		case holder(lease) == l.options.Holder:
			return nil // our own write, whose answer was lost
		}
		now := l.options.Clock.Now()
		switch {
		case lease == nil || holder(lease) == "":
			watched = nil
		case watched == nil || holder(watched) != holder(lease):
			watched, deadline = lease, now.Add(durationOf(lease))
		case watched.ResourceVersion != lease.ResourceVersion:
			return heldBy(lease)
		}
		if watched == nil || now.After(deadline) {
			taken, err := l.take(ctx, lease)
			if taken || err != nil {
				return err
			}
			continue // somebody else was faster: look who
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("while watching whether %s is alive: %w", holder(lease), context.Cause(ctx))
		case <-ticker.C():
		}
	}
}

// take writes this run into the lease as it was read, or creates it. It
// reports false, without error, if somebody else was faster, or if only a look
// can tell whether the write was done.
func (l *Lock) take(ctx context.Context, lease *coordinationv1.Lease) (bool, error) {
	leases := l.client.CoordinationV1().Leases(l.options.Namespace)
	now := metav1.NewMicroTime(l.options.Clock.Now())
	transitions := int32(0)
	next := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: Name, Namespace: l.options.Namespace}}
	if lease != nil {
		next = lease.DeepCopy()
		transitions = ptr.Deref(lease.Spec.LeaseTransitions, 0) + 1
	}
	next.Annotations = map[string]string{annotationOperation: l.options.Operation}
	next.Spec = coordinationv1.LeaseSpec{
		HolderIdentity:       ptr.To(l.options.Holder),
		LeaseDurationSeconds: ptr.To(seconds(l.options.Duration)),
		AcquireTime:          &now,
		RenewTime:            &now,
		LeaseTransitions:     &transitions,
	}
	var err error
	if lease == nil {
		_, err = leases.Create(ctx, next, metav1.CreateOptions{})
	} else {
		_, err = leases.Update(ctx, next, metav1.UpdateOptions{})
	}
	switch {
	case err == nil:
		return true, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return false, nil
	}
	now2, readErr := leases.Get(ctx, Name, metav1.GetOptions{})
	if readErr == nil && holder(now2) == l.options.Holder {
		return true, nil // the write was done, its answer lost
	}
	return false, fmt.Errorf("the lock cannot be taken: %w", err)
}

func heldBy(lease *coordinationv1.Lease) *HeldError {
	held := &HeldError{Namespace: lease.Namespace, Holder: holder(lease), Operation: lease.Annotations[annotationOperation]}
	if lease.Spec.AcquireTime != nil {
		held.Since = lease.Spec.AcquireTime.Time
	}
	return held
}

func holder(lease *coordinationv1.Lease) string { return ptr.Deref(lease.Spec.HolderIdentity, "") }

func durationOf(lease *coordinationv1.Lease) time.Duration {
	declared := time.Duration(ptr.Deref(lease.Spec.LeaseDurationSeconds, 0)) * time.Second
	if declared <= 0 || declared > time.Hour {
		return DefaultDuration
	}
	return declared
}

// seconds rounds up: the API counts whole seconds.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }

// Release gives the lock up, if it is still this run's, and ends the renewal.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	leases := l.client.CoordinationV1().Leases(l.options.Namespace)
	for {
		lease, err := leases.Get(ctx, Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		if holder(lease) != l.options.Holder {
			return nil
		}
		lease.Spec.HolderIdentity = ptr.To("")
		lease.Annotations = nil
		_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
		if !apierrors.IsConflict(err) {
			return err
		}
	}
}

// Lost is closed when the lock is lost; Err then says how.
func (l *Lock) Lost() <-chan struct{} { return l.lost }

// Err returns the *LostError once the lock is lost, and nil before.
func (l *Lock) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *Lock) lose(err *LostError) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.lost)
	}
	return l.err
}
