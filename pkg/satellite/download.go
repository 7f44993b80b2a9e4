package satellite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"
)

const (
	// downloadTimeout bounds the loading of a chart that is not on this disk.
	downloadTimeout = time.Minute
	// maxDownload is the longest answer of a repository or a registry that is
	// read. Indexes of large repositories have some tens of megabytes.
	maxDownload = 64 << 20
)

// download loads a chart by a client whose requests end with ctx, or when the
// time is over: Helm's own take no context, and read without a limit.
func download(ctx context.Context, ref ChartRef, load func(ChartRef, *http.Client) (*chart.Chart, error)) (*chart.Chart, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, downloadTimeout, fmt.Errorf("no complete answer within %s: %w", downloadTimeout, context.DeadlineExceeded))
	defer cancel()
	base := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer base.CloseIdleConnections()
	return load(ref, &http.Client{Transport: &bounded{ctx: ctx, next: retry.NewTransport(base)}, CheckRedirect: safely})
}

// safely refuses redirects that leave TLS, and more of them than Go follows.
func safely(request *http.Request, via []*http.Request) error {
	const most = 10
	switch {
	case via[len(via)-1].URL.Scheme == "https" && request.URL.Scheme != "https":
		return fmt.Errorf("it redirects from https to %s://%s, where anybody on the way can change the answer",
			request.URL.Scheme, request.URL.Host)
	case len(via) >= most:
		return fmt.Errorf("it redirects more than %d times", most)
	default:
		return nil
	}
}

// bounded is a transport whose requests end with a context, and whose answers
// have a limit; its errors say which it was.
type bounded struct {
	ctx  context.Context //nolint:containedctx // the callers in Helm give none
	next http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (b *bounded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(request.WithContext(b.ctx))
	if err != nil {
		return nil, b.why(err)
	}
	response.Body = &boundedBody{ReadCloser: http.MaxBytesReader(nil, response.Body, maxDownload), why: b.why}
	return response, nil
}

// why says in words which limit was met; any other error it returns as it is.
func (b *bounded) why(err error) error {
	tooLong := new(http.MaxBytesError)
	switch {
	case errors.Is(err, io.EOF):
		return err
	case errors.As(err, &tooLong):
		return fmt.Errorf("the answer is longer than %d MiB", tooLong.Limit>>20)
	case b.ctx.Err() != nil:
		return context.Cause(b.ctx)
	default:
		return err
	}
}

// boundedBody is a body whose errors are put in words.
type boundedBody struct {
	io.ReadCloser
	why func(error) error
}

func (b *boundedBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if err != nil {
		err = b.why(err)
	}
	return n, err
}

// get downloads what is at a location.
func get(location string, client *http.Client) ([]byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, location, http.NoBody) // the client has a context
	if err != nil {
		return nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, &errcode.ErrorResponse{Method: request.Method, URL: request.URL, StatusCode: response.StatusCode}
	}
	return io.ReadAll(response.Body)
}

// Unanswered reports whether an error of LoadChart says nothing about the chart, because the
// repository or the registry did not answer, not completely, or with an error of its own.
func Unanswered(err error) bool {
	if answer, ok := errors.AsType[*errcode.ErrorResponse](err); ok {
		return answer.StatusCode >= http.StatusInternalServerError || answer.StatusCode == http.StatusTooManyRequests
	}
	_, network := errors.AsType[net.Error](err) // such as *url.Error
	return network || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled)
}
