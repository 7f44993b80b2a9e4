//go:build linux

package scale

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
)

// exchange is a server's answer to a request.
type exchange struct {
	status int
	header http.Header
	body   []byte
}

// recording is the answers of the API server of a lab's region, by request.
type recording struct {
	mu        sync.Mutex
	exchanges map[string]exchange
	server    *httptest.Server
}

// record forwards requests to the API server, and stores the answers.
func record(t *testing.T, server, caFile, token string) *recording {
	t.Helper()
	target, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(caFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	r := &recording{exchanges: map[string]exchange{}}
	proxy := &httputil.ReverseProxy{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}},
		Rewrite: func(request *httputil.ProxyRequest) {
			request.SetURL(target)
			request.Out.Header.Set("Authorization", "Bearer "+token)
			request.Out.Header.Del("Accept-Encoding")
		},
	}
	r.server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		request.Body = io.NopCloser(bytes.NewReader(body))
		kept := httptest.NewRecorder()
		proxy.ServeHTTP(kept, request)
		answer := exchange{kept.Code, kept.Header(), kept.Body.Bytes()}
		r.mu.Lock()
		r.exchanges[key(request, body)] = answer
		r.mu.Unlock()
		answer.write(w)
	}))
	t.Cleanup(r.server.Close)
	return r
}

// key distinguishes requests whose answers differ.
func key(request *http.Request, body []byte) string {
	return strings.Join([]string{request.Method, request.URL.RequestURI(), request.Header.Get("Accept"), string(body)}, " ")
}

func (e exchange) write(w http.ResponseWriter) {
	for name, values := range e.header {
		if name != "Content-Length" && name != "Audit-Id" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(e.status)
	_, _ = w.Write(e.body)
}
