package satellite

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// For a repository that was added with `helm repo add`, the credentials and the CA from Helm's
// file are used, and never sent to another host. Without such an entry the error says how to add
// one.
func TestLoadChartWithCredentials(t *testing.T) {
	files := chartFiles(t, newChart("1.44.0"))
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); ok {
			t.Error("another host got the credentials")
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	private := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ann" || password != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(private.Close)
	ca := valuesFile(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: private.Certificate().Raw})))
	for name, test := range map[string]struct{ entry, want string }{
		"stored":            {"username: ann, password: hunter2, caFile: " + ca, ""},
		"never unverified":  {"username: ann, password: hunter2, insecure_skip_tls_verify: true", "unknown authority"},
		"without a user":    {"caFile: " + ca, "401: Unauthorized: store credentials for the repository's URL with `helm repo add"},
		"no such authority": {"caFile: missing.pem", "the certificates that Helm has for the repository coder cannot be used: open missing.pem"},
		"no certificate":    {"caFile: " + valuesFile(t, "text"), "the certificates that Helm has for the repository coder cannot be used"},
		"no such key":       {"certFile: missing.pem, keyFile: missing.pem", "the certificates that Helm has for the repository coder cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HELM_REPOSITORY_CONFIG", valuesFile(t, fmt.Sprintf("repositories:\n- {name: coder, url: %q, %s}\n", private.URL+"/", test.entry)))
			_, err := LoadChart(t.Context(), ChartRef{Name: "coder", Repo: private.URL, Version: "1.44.0"})
			if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	t.Setenv("HELM_REPOSITORY_CONFIG", filepath.Join(t.TempDir(), "none.yaml"))
	if _, err := LoadChart(t.Context(), ChartRef{Name: "coder", Repo: private.URL, Version: "1.44.0"}); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("without a list: %v", err)
	}
	t.Setenv("HELM_REPOSITORY_CONFIG", valuesFile(t, "["))
	if _, err := LoadChart(t.Context(), ChartRef{Name: "coder", Repo: private.URL, Version: "1.44.0"}); err == nil || !strings.Contains(err.Error(), "Helm's list of repositories cannot be read") {
		t.Errorf("a broken list: %v", err)
	}
}
