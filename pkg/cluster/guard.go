package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"
)

// maxAnswer is the longest answer of an API server that is read. The largest
// that are asked for are lists and the schema of a cluster with many custom
// resources, some megabytes each. What goes on and on is no API server, and
// must not fill the operator's memory.
const maxAnswer = 64 << 20

// guard bounds requests in time, and answers in size, and says in words which
// bound was met: each client above it wraps the error that it is given. It lies
// beneath what adds credentials: neither a login nor the wait for it, or for
// the pace of requests, is time that the API server takes.
type guard struct {
	next    http.RoundTripper
	timeout time.Duration
	max     int64
}

func (g *guard) RoundTrip(request *http.Request) (*http.Response, error) {
	loggedIn(request.Context())
	ctx, cancel := context.WithTimeout(request.Context(), g.timeout)
	response, err := g.next.RoundTrip(g.limited(ctx, request))
	if err != nil {
		err = inTime(ctx, err)
		cancel()
		return nil, err
	}
	if response.StatusCode < http.StatusMultipleChoices && isHTML(response) { // clients would take it for success
		_ = response.Body.Close()
		cancel()
		return nil, fmt.Errorf("%s answers with a web page, as a proxy or a login does; that is no API server of Kubernetes", request.URL.Host)
	}
	response.Body = &guardedBody{
		ReadCloser: response.Body, ctx: ctx, cancel: cancel, max: g.max, host: request.URL.Host,
		left: g.max + 1, // one byte more tells an answer that is too long from one that just fits
	}
	return response, nil
}

// isHTML tells whether an answer is a web page, which API servers never send.
func isHTML(response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return mediaType == "text/html"
}

// limited returns the request with the time limit told to the API server, too,
// which then gives up a write that is not waited for any more.
func (g *guard) limited(ctx context.Context, request *http.Request) *http.Request {
	limited := request.Clone(ctx)
	query := limited.URL.Query()
	if !query.Has("timeout") {
		query.Set("timeout", g.timeout.String())
		limited.URL.RawQuery = query.Encode()
	}
	return limited
}

// guardedBody is a body that fails after its limits.
type guardedBody struct {
	io.ReadCloser
	ctx       context.Context //nolint:containedctx // of the request, which ends with its body
	cancel    context.CancelFunc
	left, max int64
	host      string
}

func (b *guardedBody) Read(into []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer of %s is longer than %d MiB; that is no API server of Kubernetes", b.host, b.max>>20)
	}
	n, err := b.ReadCloser.Read(into[:min(int64(len(into)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		err = inTime(b.ctx, err)
	}
	return n, err
}

func (b *guardedBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// inTime returns the error, but as a *slowError if the time of its request is over.
func inTime(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &slowError{}
	}
	return err
}

// slowError is an API server that gave no complete answer in time.
type slowError struct{}

func (*slowError) Error() string { return "the API server gave no complete answer in time" }

// Is makes the error one of a deadline to those who ask.
func (*slowError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout and Temporary implement net.Error.
func (*slowError) Timeout() bool   { return true }
func (*slowError) Temporary() bool { return true }
