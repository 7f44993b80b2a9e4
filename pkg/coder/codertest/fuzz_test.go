package codertest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Whatever the request, the API never answers with 500 or a panic. A refusal has the API's error
// form, and otherwise the answer matches what was accepted.
func FuzzAPI(f *testing.F) {
	primary, err := codertest.NewPrimary(codertest.Options{Version: "1.21.3", BuildTime: 1, PatchWithBody: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(primary.Close)
	token := primary.Token(primary.AddUser("admin@example.com", codertest.RoleAdmin).ID)
	provider := primary.AddProvider(codertest.Provider{Name: "sydney"})
	workspace := primary.AddWorkspace(codertest.Workspace{Name: "canary"})
	key, err := codertest.NewPrivateKey()
	if err != nil {
		f.Fatal(err)
	}
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: primary.URL(), AccessURL: primary.URL(), PrivateKey: key})
	if err != nil {
		f.Fatal(err)
	}
	public, err := json.Marshal(satellite.PublicKey())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][3]string{
		{"GET", "/api", ""},
		{"PATCH", "/api/private/resource-pools/" + provider.ID, `{"name": "x", "enable_net_v2": true}`},
		{"POST", "/api/private/resource-pools/" + provider.ID + "/cordon", `{"reason": "x"}`},
		{"PATCH", "/api/v0/workspaces/" + workspace.ID, `{"cpu_cores": 1e300}`},
		{"GET", "/api/v0/workspaces?users=a,b&orgs=%", ""},
		{"POST", "/api/private/satellites", `{"name": "x", "public_key": ` + string(public) + `}`},
		{"DELETE", "/api/private/satellites/x", ""},
		{"POST", "/api/v0/api-keys/me", `{"name": "x"}`},
		{"GET", "/api/private/workspaces/" + workspace.ID + "/watch-update", ""},
		{"GET", "//api//v0", "{}}"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	handler := primary.Handler()
	f.Fuzz(func(t *testing.T, method, path, body string) {
		request, err := http.NewRequest(method, "https://coder.example.com", strings.NewReader(body))
		if err != nil {
			return
		}
		target, query, _ := strings.Cut(path, "?")
		request.URL.Path, request.URL.RawQuery = target, query
		request.Header.Set("Session-Token", token)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		primary.ResetRequests()
		got := answer{recorder.Code, recorder.Header(), recorder.Body.String()}
		switch {
		case got.status == http.StatusUpgradeRequired: // the WebSocket library's own
		case got.status >= 500:
			t.Errorf("status %d: %s", got.status, got.body)
		case got.status >= 300:
			got.message(t)
		case got.status != http.StatusNoContent && !json.Valid([]byte(got.body)):
			t.Errorf("status %d: not JSON: %q", got.status, got.body)
		}
	})
}

// Whatever the chart's environment contains, a satellite either starts or names the variable that
// prevents it. One that starts can be registered.
func FuzzNewSatellite(f *testing.F) {
	key, err := codertest.NewPrivateKey()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("https://coder.example.com", "https://satellite.example.com", key)
	f.Add("", "%", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----")
	f.Fuzz(func(t *testing.T, primary, access, key string) {
		satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: primary, AccessURL: access, PrivateKey: key})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "CODER_") {
				t.Errorf("the error names no variable: %v", err)
			}
			return
		}
		defer satellite.Close()
		if satellite.PublicKey() == "" || !strings.HasPrefix(satellite.Fingerprint(), "SHA256:") {
			t.Errorf("its key is %q, %q", satellite.PublicKey(), satellite.Fingerprint())
		}
	})
}
