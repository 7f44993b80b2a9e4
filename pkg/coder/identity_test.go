package coder_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// A satellite is recognised by its key and a primary by its version, without sending credentials.
func TestIdentify(t *testing.T) {
	const keyPath = "/api/private/satellites/key"
	key := says(200, "application/json", `{"key":"k","fingerprint":"f"}`)
	none := says(404, "application/json", `{"error":{"msg":"no such endpoint"}}`)
	version := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Coder-Version", "1.28.2") }
	for name, test := range map[string]struct {
		key, api http.HandlerFunc
		want     string // part of the version, the key's fingerprint or the error
		asked    int
	}{
		"a satellite":             {key, version, "f", 1},
		"a primary":               {none, version, "1.28.2", 2},
		"a primary's dashboard":   {says(200, "text/html", "<html></html>"), version, "1.28.2", 2},
		"no Coder":                {none, none, "neither a satellite nor a primary answers", 2},
		"an authenticating proxy": {says(401, "text/html", "log in"), says(401, "text/html", "log in"), "ENDPOINT_AUTH_HEADER was not sent", 2},
		"a page of something else": {says(200, "text/html", "<html></html>"), says(200, "text/html", "<html></html>"),
			"names no version of Coder", 2},
	} {
		t.Run(name, func(t *testing.T) {
			var asked int
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.Header.Get("Authorization") != "" || r.Header.Get("Session-Token") != "" {
					t.Errorf("credentials were sent with %s", r.URL)
				}
				if r.URL.Path == keyPath {
					test.key(w, r)
				} else {
					test.api(w, r)
				}
			}))
			t.Cleanup(server.Close)
			got, err := open(t, coder.Config{URL: server.URL, Token: "a-token", AuthHeader: "Bearer hush", Attempts: 1}).Identify(t.Context())
			said := got.Key.Fingerprint
			switch {
			case err != nil:
				said = err.Error()
			case got.Version != coder.Version{}:
				said = got.Version.String()
			}
			if !strings.Contains(said, test.want) || asked != test.asked {
				t.Errorf("%d requests: %q", asked, said)
			}
		})
	}
}

// If nothing answers the first request, no second one is sent.
func TestIdentifyNothing(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := open(t, coder.Config{URL: server.URL, Attempts: 1}).Identify(t.Context())
	if err == nil || !strings.Contains(err.Error(), "nothing answers there") || strings.Contains(err.Error(), "neither") {
		t.Errorf("%v", err)
	}
}
