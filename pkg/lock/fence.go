package lock

import (
	"context"
	"errors"
	"net/http"
	"strings"
)

// Fence returns a transport that asks, before every write, whether the lock is
// still this run's, and refuses the write if it is not. That costs one request
// per write, and holds for every client that goes through it: Kubernetes, Helm
// and Coder. Reading is free, and so are the reviews of one's own rights.
func (l *Lock) Fence(next http.RoundTripper) http.RoundTripper {
	return &fence{check: l.Check, next: next}
}

// ReadOnly returns a transport that refuses every write: of what no lock is held.
func ReadOnly(next http.RoundTripper) http.RoundTripper {
	return &fence{check: func(context.Context) error { return errors.New("this run holds no lock of it") }, next: next}
}

type fence struct {
	check func(context.Context) error // why a write must not pass
	next  http.RoundTripper
}

func (f *fence) RoundTrip(request *http.Request) (*http.Response, error) {
	if writes(request) {
		if err := f.check(request.Context()); err != nil {
			if request.Body != nil {
				_ = request.Body.Close() // as a transport must, whether it sends the request or not
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
