package lock

import (
	"fmt"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

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

// RefusedError means that the fence refused a write: the lock is lost (then it wraps a *LostError) or could not be checked.
type RefusedError struct{ cause error }

func (e *RefusedError) Error() string { return fmt.Sprintf("not sent: %v", e.cause) }
func (e *RefusedError) Unwrap() error { return e.cause }

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
