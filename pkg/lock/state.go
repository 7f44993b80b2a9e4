package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
)

// Annotations of a lock that was broken.
const (
	annotationBrokenBy     = "coder-satellite.dev/unlocked-by"
	annotationBrokenReason = "coder-satellite.dev/unlock-reason"
	annotationBrokenFrom   = "coder-satellite.dev/unlocked-from"
)

// State is a lock as others see it.
type State struct {
	Holder   string    // the run that holds it; empty if it is free
	Acquired time.Time // by the holder's clock
}

// Read returns the lock's state, or nil if there never was one. It takes one request.
func Read(ctx context.Context, client kubernetes.Interface, lease types.NamespacedName) (*State, error) {
	found, err := get(ctx, client, lease)
	if err != nil || found == nil {
		return nil, err
	}
	return &State{Holder: holder(found), Acquired: ptr.Deref(found.Spec.AcquireTime, metav1.MicroTime{}).Time}, nil
}

// Breaking says how to take a lock from its holder.
type Breaking struct {
	Lease      types.NamespacedName
	By, Reason string // the operator, and why; both are recorded in the lease
	Force      bool   // also break the lock of a live holder
	Clock      clock.WithTicker
}

// Break frees the lock and returns who held it; "" if nobody did. Unless forced, it first watches the lock for a bit
// more than a third of its duration, in which a live holder renews it, and then refuses with a *HeldError. A holder
// that is alive after all notices before its next write.
func Break(ctx context.Context, client kubernetes.Interface, b Breaking) (string, error) {
	if b.Reason == "" {
		return "", errors.New("a lock is only taken from its holder for a reason: give one with --reason")
	}
	lease, err := get(ctx, client, b.Lease)
	if err != nil || holder(lease) == "" {
		return "", err
	}
	if !b.Force {
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("while watching whether %s is alive: %w", holder(lease), context.Cause(ctx))
		case <-b.Clock.After(durationOf(lease)/3 + 2*time.Second):
		}
		watched := lease.ResourceVersion
		lease, err = get(ctx, client, b.Lease)
		switch {
		case err != nil || holder(lease) == "":
			return "", err
		case lease.ResourceVersion != watched:
			return "", heldBy(lease)
		}
	}
	from := holder(lease)
	lease.Spec.HolderIdentity = ptr.To("")
	annotate(lease, map[string]string{annotationBrokenBy: b.By, annotationBrokenReason: b.Reason, annotationBrokenFrom: from})
	if _, err := client.CoordinationV1().Leases(b.Lease.Namespace).Update(ctx, lease, metav1.UpdateOptions{}); err != nil {
		return "", fmt.Errorf("the lock could not be taken from %s, try again: %w", from, err)
	}
	return from, nil
}

func get(ctx context.Context, client kubernetes.Interface, lease types.NamespacedName) (*coordinationv1.Lease, error) {
	found, err := client.CoordinationV1().Leases(lease.Namespace).Get(ctx, lease.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("the lock cannot be read: %w", err)
	}
	return found, nil
}

// HeldError means that another run holds the lock and is alive.
type HeldError struct {
	Holder, Operation string    // the other run, and what it does
	Since             time.Time // when it took the lock, by its own clock; zero if unknown
}

func (e *HeldError) Error() string {
	text := fmt.Sprintf("%s holds the lock", e.Holder)
	if e.Operation != "" {
		text += fmt.Sprintf(" for %q", e.Operation)
	}
	if !e.Since.IsZero() {
		text += " since " + e.Since.UTC().Format("2006-01-02 15:04:05 MST")
	}
	return text + ": wait for it, or see `kubectl coder-satellite status`; if it is abandoned, `kubectl coder-satellite unlock` takes it over"
}

func heldBy(lease *coordinationv1.Lease) *HeldError {
	return &HeldError{
		Holder: holder(lease), Operation: lease.Annotations[annotationOperation],
		Since: ptr.Deref(lease.Spec.AcquireTime, metav1.MicroTime{}).Time,
	}
}
