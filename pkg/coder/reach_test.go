package coder_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Another server that answers at the URL is not mistaken for the deployment. If nothing more is
// known about an access URL, any answer counts.
func TestReach(t *testing.T) {
	for name, test := range map[string]struct {
		status             int
		version, body      string
		api, key, anything string // part of each error; empty for none
	}{
		"a primary":       {200, "1.21.7", `{}`, "", "holds no key", ""},
		"a satellite":     {200, "1.21.7", `{"key": "k", "fingerprint": "f"}`, "", "", ""},
		"a page":          {200, "", "<html>", "names no version of Coder", "holds no key", ""},
		"a login":         {401, "", "log in", "401", "401", ""},
		"nothing there":   {404, "", "default backend", "404", "404", ""},
		"nothing behind":  {502, "", "bad gateway", "502", "502", "502"},
		"another page":    {302, "", "", "302", "302", ""},
		"failing primary": {500, "1.21.7", `{"error": {"msg": "no database"}}`, "no database", "no database", "no database"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			client := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked++
				if r.Header.Get("Session-Token") != "" {
					t.Error("the token was sent")
				}
				w.Header().Set("Coder-Version", test.version)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			for i, got := range []error{client.ReachAPI(t.Context()), client.ReachKey(t.Context()), client.Reach(t.Context(), "/healthz")} {
				want := []string{test.api, test.key, test.anything}[i]
				if (got == nil) != (want == "") || got != nil && !strings.Contains(got.Error(), want) {
					t.Errorf("%d: %v; want %q", i, got, want)
				}
			}
			if asked != 3 {
				t.Errorf("asked %d times", asked)
			}
		})
	}
}
