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

// maxAnswer bounds an API server's answer, in bytes, so that an endless one does not fill the operator's memory. The
// largest that are needed, lists and the schema of a cluster with many custom resources, have some megabytes.
const maxAnswer = 64 << 20

// guard limits the time of requests and the size of answers; its errors name the limit. It lies beneath the credentials:
// neither a login, nor the wait for it or for the rate limit, counts as the API server's time.
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
	left := g.max + 1 // one byte more, to notice an answer that is too long
	response.Body = &guardedBody{response.Body, ctx, cancel, left, g.max, request.URL.Host}
	return response, nil
}

// isHTML reports whether an answer is a web page, which API servers never send.
func isHTML(response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return mediaType == "text/html"
}

// limited passes the time limit to the API server, which then abandons a write that nobody waits for any more.
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

type slowError struct{}

func (*slowError) Error() string { return "the API server gave no complete answer in time" }

func (*slowError) Is(target error) bool { return target == context.DeadlineExceeded }
func (*slowError) Timeout() bool        { return true } // with Temporary, it implements net.Error
func (*slowError) Temporary() bool      { return true }
