package snapshot

import (
	"cmp"
	"errors"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

var errNotCollected = errors.New("not collected")

// Fact is a value, or the reason why it is unknown: for the zero Fact, that it was not collected.
type Fact[T any] struct {
	value T
	err   error
	known bool
}

// Known returns a fact with the value v.
func Known[T any](v T) Fact[T] { return Fact[T]{value: v, known: true} }

// Unknown returns a fact that is unknown because of err.
func Unknown[T any](err error) Fact[T] { return Fact[T]{err: err} }

// settledError is why there is no value although everything it follows from was read.
type settledError struct{ error }

func (e *settledError) Unwrap() error { return e.error }

func settled(err error) error {
	if err == nil {
		return nil
	}
	return &settledError{err}
}

// Settled reports whether the reason why a fact has no value is an answer by itself: the thing does not exist, is
// contradictory or ambiguous, or the server refuses the credentials or the operator.
func Settled(err error) bool {
	_, marked := errors.AsType[*settledError](err)
	return marked || coder.IsUnauthorized(err) || coder.IsForbidden(err) || apierrors.IsUnauthorized(err)
}

// FactOf returns Known(v), or Unknown(err) if err is not nil.
func FactOf[T any](v T, err error) Fact[T] {
	if err != nil {
		return Unknown[T](err)
	}
	return Known(v)
}

// Get returns the value and whether it is known.
func (f Fact[T]) Get() (T, bool) { return f.value, f.known }

// Value returns the value, or T's zero value if the fact is unknown.
func (f Fact[T]) Value() T { return f.value }

// IsKnown reports whether the value is known.
func (f Fact[T]) IsKnown() bool { return f.known }

// Collected reports whether the fact was requested, known or not.
func (f Fact[T]) Collected() bool { return f.known || f.err != nil }

// Err returns why the value is unknown, or nil if it is known.
func (f Fact[T]) Err() error {
	if f.known {
		return nil
	}
	return cmp.Or(f.err, errNotCollected)
}
