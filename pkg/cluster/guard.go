package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// maxAnswer is the longest answer of an API server that is read. The largest
// that are asked for are lists and the schema of a cluster with many custom
// resources, some megabytes each. What goes on and on is no API server, and
// must not fill the operator's memory.
const maxAnswer = 64 << 20

// guard breaks answers off that are longer than max bytes, and says in words
// that none came in time: each client above it wraps what it is given.
type guard struct {
	next http.RoundTripper
	max  int64
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := g.next.RoundTrip(request)
	if err != nil || response.StatusCode == http.StatusSwitchingProtocols {
		return response, inTime(err)
	}
	// one byte more tells an answer that is too long from one that just fits
	response.Body = &guardedBody{ReadCloser: response.Body, left: g.max + 1, max: g.max, host: request.URL.Host}
	return response, nil
}

// guardedBody is a body that fails after its limit.
type guardedBody struct {
	io.ReadCloser
	left, max int64
	host      string
}

func (b *guardedBody) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer of %s is longer than %d MiB; that is no API server of Kubernetes", b.host, b.max>>20)
	}
	n, err := b.ReadCloser.Read(into[:min(int64(len(into)), b.left)])
	b.left -= int64(n)
	return n, inTime(err)
}

// inTime returns the error, but one of a deadline as a *slowError.
func inTime(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &slowError{err}
	}
	return err
}

// slowError is an API server that gave no complete answer in time. To those who
// ask it is the error of a deadline that it is.
type slowError struct{ cause error }

func (e *slowError) Error() string { return "the API server gave no complete answer in time" }
func (e *slowError) Unwrap() error { return e.cause }

// Timeout implements net.Error.
func (e *slowError) Timeout() bool { return true }

// Temporary implements net.Error.
func (e *slowError) Temporary() bool { return true }
