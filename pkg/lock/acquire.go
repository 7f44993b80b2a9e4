package lock

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
)

// maxContended is how often in a row others may take a free lock first before Acquire gives up.
const maxContended = 10

// Acquire takes the lock, in two requests if it is free. If another run holds it, Acquire watches it for as long as it
// would outlive its holder, by this machine's clock alone: no clocks are compared. If the lock is renewed meanwhile,
// the error is a *HeldError; otherwise Acquire takes it over. The caller must call Release, which also ends the renewal.
func Acquire(ctx context.Context, client kubernetes.Interface, options Options) (*Lock, error) {
	options.Duration = cmp.Or(options.Duration, DefaultDuration)
	if options.Duration < minDuration || options.Duration > maxDuration {
		return nil, fmt.Errorf("the lock cannot be held for %s at a time: choose between %s and %s", options.Duration, minDuration, maxDuration)
	}
	if options.Holder == "" {
		return nil, errors.New("the lock cannot be taken without the name of a holder")
	}
	l := &Lock{client: client, options: options, done: make(chan struct{})}
	l.lost, l.lose = context.WithCancelCause(context.WithoutCancel(ctx))
	if err := l.acquire(ctx); err != nil {
		return nil, err
	}
	renewing, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = cancel
	go l.renew(renewing)
	return l, nil
}

func (l *Lock) acquire(ctx context.Context) error {
	var (
		watched  *coordinationv1.Lease
		since    time.Time // when it was first watched
		deadline time.Time
		asked    time.Time // when the latest attempt to take it began
		contests int
	)
	ticker := l.options.Clock.NewTicker(max(l.options.Duration/10, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		lease, err := get(ctx, l.client, l.options.Lease)
		switch {
		case err != nil:
			return err
		case holder(lease) == l.options.Holder:
			l.renewed = asked
			return nil // our own write, whose answer was lost
		}
		now := l.options.Clock.Now()
		switch {
		case holder(lease) == "":
			watched = nil
		case watched == nil || holder(watched) != holder(lease):
			watched, since, deadline = lease, now, now.Add(durationOf(lease))
		case watched.ResourceVersion != lease.ResourceVersion:
			return heldBy(lease)
		}
		if watched == nil || now.After(deadline) {
			asked = now
			taken, err := l.take(ctx, lease)
			if taken || err != nil {
				l.renewed = asked
				return err
			}
			if contests++; contests > maxContended {
				return fmt.Errorf("the lock %s changes faster than it can be taken: try again", l.options.Lease)
			}
			if contests == 1 {
				continue // somebody else was faster: look who
			}
		} else if l.options.Waiting != nil {
			l.options.Waiting(holder(watched), now.Sub(since))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("while waiting for the lock %s: %w", l.options.Lease, context.Cause(ctx))
		case <-ticker.C():
		}
	}
}

// take writes this run into the lease that was read, or creates one. False means that another run was faster.
func (l *Lock) take(ctx context.Context, lease *coordinationv1.Lease) (bool, error) {
	now := metav1.NewMicroTime(l.options.Clock.Now())
	transitions := int32(0)
	next := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: l.options.Lease.Name, Namespace: l.options.Lease.Namespace}}
	if lease != nil {
		next = lease.DeepCopy()
		transitions = max(ptr.Deref(lease.Spec.LeaseTransitions, 0)+1, 0)
	}
	annotate(next, map[string]string{annotationOperation: l.options.Operation})
	next.Spec = coordinationv1.LeaseSpec{
		HolderIdentity:       ptr.To(l.options.Holder),
		LeaseDurationSeconds: ptr.To(seconds(l.options.Duration)),
		AcquireTime:          &now,
		RenewTime:            &now,
		LeaseTransitions:     &transitions,
	}
	var err error
	if lease == nil {
		_, err = l.leases().Create(ctx, next, metav1.CreateOptions{})
	} else {
		_, err = l.leases().Update(ctx, next, metav1.UpdateOptions{})
	}
	switch {
	case err == nil:
		return true, nil
	case apierrors.IsConflict(err), apierrors.IsAlreadyExists(err):
		return false, nil
	}
	if found, readErr := get(ctx, l.client, l.options.Lease); readErr == nil && holder(found) == l.options.Holder {
		return true, nil // the write succeeded, and its answer was lost
	}
	return false, fmt.Errorf("the lock cannot be taken: %w", err)
}
