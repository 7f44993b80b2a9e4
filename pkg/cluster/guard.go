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
// resources, some megabytes each. An endless answer must not fill the operator's
// memory.
const maxAnswer = 64 << 20

// guard limits the time of requests and the size of answers, and its errors say which
// limit was exceeded. It lies beneath what adds credentials: neither a login nor the wait
// for it, or for the pace of requests, counts as the API server's time.
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
		return nil, fmt.Errorf("%s answers with a web page, as a proxy or a login page does; it is not a Kubernetes API server", request.URL.Host)
	}
	response.Body = &guardedBody{
		ReadCloser: response.Body, ctx: ctx, cancel: cancel, max: g.max, host: request.URL.Host,
		left: g.max + 1, // one byte more, to notice an answer that is too long
	}
	return response, nil
}

// isHTML reports whether an answer is a web page, which API servers never send.
func isHTML(response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return mediaType == "text/html"
}

// limited returns the request with the time limit for the API server, which then
// abandons a write that nobody waits for any more.
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
		return 0, fmt.Errorf("the answer of %s is longer than %d MiB; it is not a Kubernetes API server", b.host, b.max>>20)
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

// inTime returns the error, or a *slowError if the time of its request has run out.
func inTime(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &slowError{}
	}
	return err
}

// slowError means that an API server gave no complete answer in time.
type slowError struct{}

func (*slowError) Error() string { return "the API server gave no complete answer in time" }

// Is makes it an exceeded deadline for errors.Is.
func (*slowError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout and Temporary implement net.Error.
func (*slowError) Timeout() bool   { return true }
func (*slowError) Temporary() bool { return true }
