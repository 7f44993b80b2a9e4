package satellite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/helmpath"
	"helm.sh/helm/v3/pkg/repo"
	"k8s.io/client-go/transport"
	"oras.land/oras-go/v2/registry/remote/errcode"
	"oras.land/oras-go/v2/registry/remote/retry"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

const (
	downloadTimeout = time.Minute
	maxDownload     = 64 << 20 // bytes; indexes of large repositories have some tens of megabytes
)

// download loads a chart with a bounded client: Helm's own take no context, and read without a limit.
func download(ctx context.Context, ref ChartRef, load func(ChartRef, *http.Client) (*chart.Chart, error)) (*chart.Chart, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, downloadTimeout, fmt.Errorf("no complete answer within %s: %w", downloadTimeout, context.DeadlineExceeded))
	defer cancel()
	entry, err := stored(ref.Repo)
	if err != nil {
		return nil, err
	}
	// without Helm's insecure_skip_tls_verify
	certificates, err := transport.TLSConfigFor(&transport.Config{TLS: transport.TLSConfig{CAFile: entry.CAFile, CertFile: entry.CertFile, KeyFile: entry.KeyFile}})
	if err != nil {
		return nil, fmt.Errorf("the certificates that Helm has for the repository %s cannot be used: %w", entry.Name, err)
	}
	base := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSClientConfig: certificates}
	defer base.CloseIdleConnections()
	next := retry.NewTransport(base)
	home, noHome := url.Parse(entry.URL)
	why := func(err error) error { // names the limit that was reached
		if tooLong, is := errors.AsType[*http.MaxBytesError](err); is {
			return fmt.Errorf("the answer is longer than %d MiB", tooLong.Limit>>20)
		}
		return cmp.Or(context.Cause(ctx), err)
	}
	return load(ref, &http.Client{CheckRedirect: safely, Transport: cluster.RoundTripper(func(request *http.Request) (*http.Response, error) {
		request = request.Clone(ctx)
		// credentials go to their own host, and to others only if they were stored with --pass-credentials; over TLS alone
		own := entry.PassCredentialsAll || noHome == nil && home.Host == request.URL.Host
		if entry.Username != "" && request.URL.Scheme == "https" && own {
			request.SetBasicAuth(entry.Username, entry.Password)
		}
		response, err := next.RoundTrip(request)
		if err != nil {
			return nil, why(err)
		}
		response.Body = cluster.Bounded(response.Body, maxDownload, why, func() {})
		return response, nil
	})})
}

// stored returns what `helm repo add` stored for the repository of that URL: its
// credentials and certificates; an empty entry if it stored none.
func stored(repository string) (*repo.Entry, error) {
	known, err := repo.LoadFile(cmp.Or(os.Getenv("HELM_REPOSITORY_CONFIG"), helmpath.ConfigPath("repositories.yaml"))) // as Helm does
	if repository == "" {
		return &repo.Entry{}, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("Helm's list of repositories cannot be read: %w", err)
	}
	for _, entry := range known.Repositories {
		if strings.TrimRight(entry.URL, "/") == strings.TrimRight(repository, "/") {
			return entry, nil
		}
	}
	return &repo.Entry{}, nil
}

// safely refuses redirects that leave TLS, and more of them than Go follows by default.
func safely(request *http.Request, via []*http.Request) error {
	const most = 10
	switch {
	case via[len(via)-1].URL.Scheme == "https" && request.URL.Scheme != "https":
		return fmt.Errorf("it redirects from https to %s://%s, where anybody on the way can change the answer", request.URL.Scheme, request.URL.Host)
	case len(via) >= most:
		return fmt.Errorf("it redirects more than %d times", most)
	default:
		return nil
	}
}

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
	answer := &errcode.ErrorResponse{Method: request.Method, URL: request.URL, StatusCode: response.StatusCode}
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, fmt.Errorf("%w: store credentials for the repository's URL with `helm repo add NAME URL --username USER --password-stdin`", answer)
	default:
		return nil, answer
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
