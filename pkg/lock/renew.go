package lock

import (
	"context"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// renew renews the lock three times in its duration, until it is stopped or
// lost. It gives up when two thirds of the duration passed without a renewal:
// others take over only after the whole of it.
func (l *Lock) renew(ctx context.Context) {
	defer close(l.done)
	ticker := l.options.Clock.NewTicker(l.options.Duration / 3)
	defer ticker.Stop()
	last := l.options.Clock.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		started := l.options.Clock.Now()
		attempt, cancel := context.WithTimeout(ctx, l.options.Duration/3)
		err := l.renewOnce(attempt)
		cancel()
		lost := new(LostError)
		switch {
		case err == nil:
			last = started
		case ctx.Err() != nil:
			return
		case errors.As(err, &lost):
			_ = l.lose(lost)
			return
		case l.options.Clock.Since(last) >= l.options.Duration*2/3:
			_ = l.lose(&LostError{Namespace: l.options.Namespace, cause: err})
			return
		}
	}
}

// renewOnce writes the present time into the lease. It returns a *LostError if
// the lease is somebody else's, and any other error if that is not known.
func (l *Lock) renewOnce(ctx context.Context) error {
	leases := l.client.CoordinationV1().Leases(l.options.Namespace)
	lease, err := leases.Get(ctx, Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return &LostError{Namespace: l.options.Namespace}
	}
	if err != nil {
		return err
	}
	if by := holder(lease); by != l.options.Holder {
		return &LostError{Namespace: l.options.Namespace, By: by}
	}
	now := metav1.NewMicroTime(l.options.Clock.Now())
	lease.Spec.RenewTime = &now
	_, err = leases.Update(ctx, lease, metav1.UpdateOptions{})
	return err
}

// Check asks the cluster whether the lock is still this run's. It takes one
// request, and returns a *LostError if it is not.
func (l *Lock) Check(ctx context.Context) error {
	if err := l.Err(); err != nil {
		return err
	}
	lease, err := l.client.CoordinationV1().Leases(l.options.Namespace).Get(ctx, Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return l.lose(&LostError{Namespace: l.options.Namespace})
	case err != nil:
		return err
	}
	if by := holder(lease); by != l.options.Holder {
		return l.lose(&LostError{Namespace: l.options.Namespace, By: by})
	}
	return nil
}
