package lock

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Fence returns a transport that checks before every write that this run still holds the lock, and refuses the write
// otherwise. The check costs one request per write, and covers every client: Kubernetes, Helm and Coder. Reads pass
// unchecked, and so do reviews of one's own rights.
func (l *Lock) Fence(next http.RoundTripper) http.RoundTripper {
	return &fence{check: l.Check, next: next}
}

// ReadOnly returns a transport that refuses every write, for what this run holds no lock for.
func ReadOnly(next http.RoundTripper) http.RoundTripper {
	return &fence{check: func(context.Context) error { return errors.New("this run holds no lock for it") }, next: next}
}

type fence struct {
	check func(context.Context) error // why a write must not pass
	next  http.RoundTripper
}

func (f *fence) RoundTrip(request *http.Request) (*http.Response, error) {
	if writes(request) {
		if err := f.check(request.Context()); err != nil {
			if request.Body != nil {
				_ = request.Body.Close() // as a transport must, whether or not it sends the request
			}
			return nil, &RefusedError{cause: err}
		}
	}
	return f.next.RoundTrip(request)
}

func writes(request *http.Request) bool {
	switch request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	default:
		return !strings.HasPrefix(request.URL.Path, "/apis/authorization.k8s.io/")
	}
}

// RefusedError means that the fence refused a write: the lock is lost (then it wraps a *LostError) or could not be checked.
type RefusedError struct{ cause error }

func (e *RefusedError) Error() string { return fmt.Sprintf("not sent: %v", e.cause) }
func (e *RefusedError) Unwrap() error { return e.cause }
