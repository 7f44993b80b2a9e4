package lock

import (
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

type fence struct {
	lock *Lock
	next http.RoundTripper
}

func (f *fence) RoundTrip(request *http.Request) (*http.Response, error) {
	if writes(request) {
		if err := f.lock.Check(request.Context()); err != nil {
			if request.Body != nil {
				_ = request.Body.Close() // a transport must close it, sent or not
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
