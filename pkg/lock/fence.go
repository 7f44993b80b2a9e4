package lock

import (
	"errors"
	"net/http"
	"strings"
)

// Fence returns a transport that asks, before every write, whether the lock is
// still this run's, and refuses the write if it is not. That costs one request
// per write, and holds for every client that goes through it: Kubernetes, Helm
// and Coder. Reading is free, and so are the reviews of one's own rights.
func (l *Lock) Fence(next http.RoundTripper) http.RoundTripper {
	return &fence{lock: l, next: next}
}

// ReadOnly returns a transport that refuses every write: of what no lock is held.
func ReadOnly(next http.RoundTripper) http.RoundTripper { return readOnly{next} }

var errNotHeld = errors.New("this run holds no lock of it")

type readOnly struct{ next http.RoundTripper }

func (r readOnly) RoundTrip(request *http.Request) (*http.Response, error) {
	if writes(request) {
		closeBody(request)
		return nil, &RefusedError{cause: errNotHeld}
	}
	return r.next.RoundTrip(request)
}

type fence struct {
	lock *Lock
	next http.RoundTripper
}

func (f *fence) RoundTrip(request *http.Request) (*http.Response, error) {
	if writes(request) {
		if err := f.lock.Check(request.Context()); err != nil {
			closeBody(request)
			return nil, &RefusedError{cause: err}
		}
	}
	return f.next.RoundTrip(request)
}

// closeBody does what a transport must do, whether it sends the request or not.
func closeBody(request *http.Request) {
	if request.Body != nil {
		_ = request.Body.Close()
	}
}

func writes(request *http.Request) bool {
	switch request.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	default:
		return !strings.HasPrefix(request.URL.Path, "/apis/authorization.k8s.io/")
	}
}
