package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"k8s.io/client-go/util/flowcontrol"
)

// maxAnswer bounds an API server's answer, in bytes, so that an endless one does not fill the operator's memory. The
// largest that are needed, lists and the schema of a cluster with many custom resources, have some megabytes.
const maxAnswer = 64 << 20

// guarded limits the time of requests and the size of answers, in bytes; its errors name the limit. It lies beneath the
// credentials: neither a login, nor the wait for it or for the rate limit, counts as the API server's time.
func guarded(next http.RoundTripper, timeout time.Duration, most int64) http.RoundTripper {
	return RoundTripper(func(request *http.Request) (*http.Response, error) {
		loggedIn(request.Context())
		ctx, cancel := context.WithTimeout(request.Context(), timeout)
		limited := request.Clone(ctx)
		if query := limited.URL.Query(); !query.Has("timeout") { // the API server then abandons a write for which nobody waits
			query.Set("timeout", timeout.String())
			limited.URL.RawQuery = query.Encode()
		}
		response, err := next.RoundTrip(limited)
		if err == nil && ctx.Err() != nil { // net/http passes on what a server still says because this side has hung up
			_ = response.Body.Close()
			err = ctx.Err()
		}
		if err != nil {
			err = inTime(ctx, err)
			cancel()
			return nil, err
		}
		mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
		if response.StatusCode < http.StatusMultipleChoices && mediaType == "text/html" { // clients would take it for success
			_ = response.Body.Close()
			cancel()
			return nil, fmt.Errorf("%s answers with a web page, as a proxy or a login page does; it is not a Kubernetes API server", request.URL.Host)
		}
		response.Body = Bounded(response.Body, most, func(err error) error {
			if tooLong, is := errors.AsType[*http.MaxBytesError](err); is {
				return fmt.Errorf("the answer of %s is longer than %d MiB; it is not a Kubernetes API server", request.URL.Host, tooLong.Limit>>20)
			}
			return inTime(ctx, err)
		}, cancel)
		return response, nil
	})
}

// Bounded returns a body that fails beyond max bytes. Errors that end its reading pass through why, that one as an
// *http.MaxBytesError. Closing it calls closed.
func Bounded(body io.ReadCloser, max int64, why func(error) error, closed func()) io.ReadCloser {
	return &bounded{http.MaxBytesReader(nil, body, max), why, closed}
}

type bounded struct {
	io.ReadCloser
	why    func(error) error
	closed func()
}

func (b *bounded) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.why(err)
	}
	return n, err
}

func (b *bounded) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}

func inTime(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &slowError{}
	}
	return err
}

type slowError struct{}

func (*slowError) Error() string { return "the API server gave no complete answer in time" }

func (*slowError) Is(target error) bool { return target == context.DeadlineExceeded }
func (*slowError) Timeout() bool        { return true } // with Temporary, it implements net.Error
func (*slowError) Temporary() bool      { return true }

// Rates of requests to one API server; client-go's 5 and 10 would throttle a tool that sends many small ones at once.
const qps, burst = 50, 100

// paced returns a transport that sends requests at the pace. The limiter refuses at once a turn after the context's
// deadline; the transport then waits for that deadline, so that the context reports it, too.
func paced(pace flowcontrol.RateLimiter, next http.RoundTripper) http.RoundTripper {
	return RoundTripper(func(request *http.Request) (*http.Response, error) {
		ctx := request.Context()
		if err := pace.Wait(ctx); err != nil {
			<-ctx.Done()
			return nil, inTime(ctx, err)
		}
		return next.RoundTrip(request)
	})
}

// RoundTripper is a function that sends requests.
type RoundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f RoundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
