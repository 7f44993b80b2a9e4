package coder

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// proxyConnect is the Op of a net.OpError when a proxy cannot be reached (net/http).
const proxyConnect = "proxyconnect"

// proxyError means that the proxy did not connect to the deployment.
type proxyError struct {
	proxy  string // host and port alone: its URL may hold a password
	status int
}

func (e *proxyError) Error() string {
	text := fmt.Sprintf("the proxy %s does not connect to it: %d %s", e.proxy, e.status, strings.ToLower(http.StatusText(e.status)))
	if e.status == http.StatusProxyAuthRequired {
		return text + "; put a user and password into HTTPS_PROXY"
	}
	return text + "; if it needs no proxy, name its host in NO_PROXY"
}

// checkProxy keeps net/http from making an error of the status text alone.
func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{proxy: proxy.Host, status: answer.StatusCode}
}
