package coder_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// It is not known what a primary answers at the path where a satellite serves its key. So only a
// key identifies a satellite, and a primary's own answers, such as 404 or 401, are not errors.
func TestServedKey(t *testing.T) {
	for name, test := range map[string]struct {
		status     int
		kind, body string
		satellite  bool
		want       string
	}{
		"a key":                 {200, "application/json", `{"key":"k","fingerprint":"f"}`, true, ""},
		"a key of another form": {200, "application/json", `{"key":"k"}`, true, ""},
		"no such path":          {404, "application/json", `{"error":{"msg":"no such endpoint"}}`, false, ""},
		"another method's path": {405, "application/json", `{"error":{"msg":"not allowed"}}`, false, ""},
		"a token first":         {401, "application/json", `{"error":{"msg":"no token"}}`, false, ""},
		"the dashboard":         {200, "text/html", "<html></html>", false, ""},
		"something else":        {200, "application/json", `{"data":[]}`, false, ""},
		"a failure":             {500, "application/json", `{"error":{"msg":"oops"}}`, false, "500"},
		"a proxy":               {502, "text/html", "<html></html>", false, "502"},
		"too many":              {429, "application/json", `{}`, false, "429"},
		"a login page":          {302, "text/html", "", false, "does not redirect"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serve(t, says(test.status, test.kind, test.body)).ServedKey(t.Context())
			if (got != coder.SatelliteKey{}) != test.satellite {
				t.Errorf("key %+v", got)
			}
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A proxy that requires authentication even for a satellite's key gets no header. The error says
// which path it must let through.
func TestKeyBehindAuthenticatingProxy(t *testing.T) {
	const advice = "a proxy in front of it must let GET /api/private/satellites/key pass without authentication"
	for name, handler := range map[string]http.HandlerFunc{
		"401":        says(401, "text/html", "log in"),
		"login page": says(200, "text/html", "<html>log in</html>"),
		"redirect":   says(302, "text/html", ""),
		"no key":     says(200, "application/json", "{}"),
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = append(got, r.Header.Get("Authorization"))
				handler(w, r)
			}))
			t.Cleanup(server.Close)
			_, err := open(t, coder.Config{URL: server.URL, AuthHeader: "Bearer hush", Attempts: 1}).SatelliteKey(t.Context())
			if err == nil || !strings.Contains(err.Error(), advice) {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if strings.Join(got, "") != "" {
				t.Errorf("the header was sent: %q", got)
			}
			_, err = open(t, coder.Config{URL: server.URL, Attempts: 1}).SatelliteKey(t.Context())
			if err == nil || strings.Contains(err.Error(), "ENDPOINT_AUTH_HEADER") {
				t.Errorf("without a header: %v", err)
			}
		})
	}
}
