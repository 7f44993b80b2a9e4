package cluster

import (
	"bytes"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// apiServer serves only its version and the namespace kube-system.
type apiServer struct {
	*httptest.Server
	ca string

	mu     sync.Mutex
	agents []string
	tokens []string
	limits []string // the time limits that requests name
}

func newAPIServer(t *testing.T) *apiServer {
	t.Helper()
	s := &apiServer{ca: filepath.Join(t.TempDir(), "ca.pem")}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.agents, s.tokens = append(s.agents, r.UserAgent()), append(s.tokens, r.Header.Get("Authorization"))
		s.limits = append(s.limits, r.URL.Query().Get("timeout"))
		s.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Warning", `299 - "this API is old"`)
		switch r.URL.Path {
		case "/version":
			_, _ = io.WriteString(w, `{"gitVersion":"v1.29.3"}`)
		case "/api/v1/namespaces/kube-system":
			_, _ = io.WriteString(w, `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"kube-system","uid":"u-1"}}`)
		case "/api/v1/namespaces/web/secrets/page":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>Please log in</html>")
		case "/silent":
			<-r.Context().Done()
		case "/stuck":
			_, _ = io.WriteString(w, "{")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
				_ = connection.Close() // closing the connection truncates the body; returning would complete it
			}
		case "/endless":
			for chunk := make([]byte, 1<<20); ; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		default:
			if answer := served(r.URL.Path); answer != "" {
				_, _ = io.WriteString(w, answer)
				return
			}
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`)
		}
	}))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	t.Cleanup(s.Close)
	if err := os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAccess(t *testing.T) {
	server := newAPIServer(t)
	var warnings bytes.Buffer
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{UserAgent: "coder-satellite-test", Warnings: &warnings})
	if err != nil {
		t.Fatal(err)
	}
	if uid, err := access.UID(t.Context()); err != nil || uid != "u-1" {
		t.Errorf("UID %q, %v", uid, err)
	}
	for range 2 {
		if version, err := access.ServerVersion(t.Context()); err != nil || version != "v1.29.3" {
			t.Errorf("version %q, %v", version, err)
		}
	}
	if access.Server() != server.URL {
		t.Errorf("server %q", access.Server())
	}
	for i, agent := range server.agents {
		if agent != "coder-satellite-test" || server.tokens[i] != "Bearer hunter2" || server.limits[i] != "30s" {
			t.Errorf("request %d: %q with %q, in %q", i, agent, server.tokens[i], server.limits[i])
		}
	}
	if got := strings.Count(warnings.String(), "this API is old"); got != 1 {
		t.Errorf("the warning is shown %d times: %q", got, warnings.String())
	}
	if config := access.Config(); config.QPS >= 0 || config.Timeout != 30*time.Second {
		t.Errorf("a rate of %v in addition to the transport's, timeout %v", config.QPS, config.Timeout)
	}
}

// A wrapper applies to every client of a wrapped access, Helm's included, but not to the original
// access.
func TestWrapped(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	through := 0
	wrapped := access.Wrapped(func(next http.RoundTripper) http.RoundTripper {
		return RoundTripper(func(r *http.Request) (*http.Response, error) {
			through++
			return next.RoundTrip(r)
		})
	})
	ctx := t.Context()
	configMaps := metav1.SchemeGroupVersion.WithResource("configmaps")
	configMaps.Group, configMaps.Version = "", "v1"
	for name, use := range map[string]func(*Access){
		"clientset": func(a *Access) { _, _ = a.Clientset().CoreV1().ConfigMaps("ns").Get(ctx, "a", metav1.GetOptions{}) },
		"dynamic": func(a *Access) {
			_, _ = a.Dynamic().Resource(configMaps).Namespace("ns").Get(ctx, "a", metav1.GetOptions{})
		},
		"metadata": func(a *Access) {
			_, _ = a.Metadata().Resource(configMaps).Namespace("ns").Get(ctx, "a", metav1.GetOptions{})
		},
		"discovery": func(a *Access) { _, _ = a.ServerVersion(ctx) },
		"Helm":      func(a *Access) { _, _ = a.Helm("ns").Releases.Get("none", 1) },
	} {
		through = 0
		use(access)
		if through != 0 {
			t.Errorf("%s of the access itself went through the wrapping", name)
		}
		use(wrapped)
		if through == 0 {
			t.Errorf("%s of the wrapped access did not go through the wrapping", name)
		}
	}
}

// A malformed version is not passed on.
func TestNoServerVersion(t *testing.T) {
	server := newAPIServer(t)
	access, err := kubeconfig(t, server.URL, server.ca).Open("sydney", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`{`:                   "unable to parse the server version",
		`{"major":"1"}`:       "the API server's /version names no version",
		`<html>log in</html>`: "unable to parse the server version",
	} {
		answering := access.Wrapped(func(http.RoundTripper) http.RoundTripper {
			return RoundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
			})
		})
		if version, err := answering.ServerVersion(t.Context()); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %q, %v", text, version, err)
		}
	}
}

func TestHostDir(t *testing.T) {
	for host, want := range map[string]string{
		"https://127.0.0.1:6443":                   "127.0.0.1_6443",
		"https://sydney.example.com/k8s/c-1?x=y&z": "sydney.example.com/k8s/c_1_x_y_z",
	} {
		if got := hostDir(host); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
	}
}
