// Package lock lets one run at a time change a satellite or a provider: a Lease beside it, which its holder renews, and
// a fence that stops every write of a run that has lost it.
package lock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	coordinationclient "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// Name is the name of a satellite's Lease, in the satellite's namespace.
const Name = "coder-satellite-lock"

// ProviderName returns the name of the Lease of the provider with that ID, in the provider's own namespace.
func ProviderName(id string) string { return cluster.NameFor(Name, id) }

// DefaultDuration is how long a lock outlives its holder's last renewal.
const DefaultDuration = 15 * time.Second

// Bounds of that duration, which also bound what a foreign lease declares.
const (
	minDuration = 100 * time.Millisecond
	maxDuration = time.Hour
)

const annotationOperation = "coder-satellite.dev/operation"

// Options say how to take a lock.
type Options struct {
	Lease     types.NamespacedName
	Holder    string        // identifies this run, and no other run ever: "operator@host/run"
	Operation string        // the verb that the lock is taken for
	Duration  time.Duration // how long the lock outlives the last renewal, at most an hour; 0 means DefaultDuration
	Clock     clock.WithTicker
	// Waiting is told again and again whose lock is waited for, and for how long it has been; nil for nobody.
	Waiting func(holder string, waited time.Duration)
}

// Lock is a held lock, renewed in the background until it is released or lost. It is safe for concurrent use.
type Lock struct {
	client  kubernetes.Interface
	options Options

	stop func()
	done chan struct{}
	lost context.Context // ends with the loss, its cause
	lose context.CancelCauseFunc

	mu      sync.Mutex
	renewed time.Time // when the latest successful renewal began
}

// Release gives the lock up, if this run still holds it, and ends the renewal. It takes two requests, and more if they
// fail: any writer of the lease, or a lost answer, can make an attempt fail. After an error the lock expires by itself.
func (l *Lock) Release(ctx context.Context) error {
	l.stop()
	<-l.done
	return retry.OnError(retry.DefaultRetry, func(error) bool { return true }, func() error {
		lease, err := l.own(ctx)
		if lost := new(LostError); errors.As(err, &lost) {
			return nil // it is not this run's to release
		}
		if err != nil {
			return err
		}
		lease.Spec.HolderIdentity = ptr.To("")
		annotate(lease, nil)
		_, err = l.leases().Update(ctx, lease, metav1.UpdateOptions{})
		return err
	})
}

func (l *Lock) leases() coordinationclient.LeaseInterface {
	return l.client.CoordinationV1().Leases(l.options.Lease.Namespace)
}

// own returns the lease if this run holds it, a *LostError if not, or else another error. It takes one request.
func (l *Lock) own(ctx context.Context) (*coordinationv1.Lease, error) {
	lease, err := l.leases().Get(ctx, l.options.Lease.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, &LostError{Lease: l.options.Lease}
	case err != nil:
		return nil, err
	case holder(lease) != l.options.Holder:
		return nil, &LostError{
			Lease: l.options.Lease, By: holder(lease),
			UnlockedBy: lease.Annotations[annotationBrokenBy], Reason: lease.Annotations[annotationBrokenReason],
		}
	}
	return lease, nil
}

// Lost returns a channel that is closed when the lock is lost; Err then says how.
func (l *Lock) Lost() <-chan struct{} { return l.lost.Done() }

// Err returns the *LostError once the lock is lost, and nil before.
func (l *Lock) Err() error { return context.Cause(l.lost) }

// loseOr loses the lock if the error is a *LostError, and wraps any other error.
func (l *Lock) loseOr(err error, what string) error {
	if lost := new(LostError); errors.As(err, &lost) {
		l.lose(lost)
		return l.Err()
	}
	return fmt.Errorf("%s: %w", what, err)
}

// holder returns the run that holds a lease; "" if the lease is free or nil.
func holder(lease *coordinationv1.Lease) string {
	if lease == nil {
		return ""
	}
	return ptr.Deref(lease.Spec.HolderIdentity, "")
}

// durationOf returns how long a lease outlives its last renewal.
func durationOf(lease *coordinationv1.Lease) time.Duration {
	declared := time.Duration(ptr.Deref(lease.Spec.LeaseDurationSeconds, 0)) * time.Second
	if declared <= 0 {
		return DefaultDuration
	}
	return min(declared, maxDuration)
}

// seconds rounds up: the API counts whole seconds.
func seconds(d time.Duration) int32 { return int32((d + time.Second - 1) / time.Second) }

// annotate replaces this package's annotations of the lease, and leaves all others.
func annotate(lease *coordinationv1.Lease, own map[string]string) {
	for _, key := range []string{annotationOperation, annotationBrokenBy, annotationBrokenReason, annotationBrokenFrom} {
		delete(lease.Annotations, key)
	}
	for key, value := range own {
		metav1.SetMetaDataAnnotation(&lease.ObjectMeta, key, value)
	}
}
