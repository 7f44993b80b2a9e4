package codertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Each refusal has its status, and changes nothing.
func TestRefusals(t *testing.T) {
	d := start(t, codertest.Options{})
	first := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.AddProvider(codertest.Provider{Name: "london"})
	workspace := d.AddWorkspace(codertest.Workspace{Name: "canary", UserID: d.users[codertest.RoleManager].ID, ResourcePoolID: first.ID})
	satellite, _, _ := d.satellite(t, nil)
	d.register(t, "sydney", satellite)
	other, _, _ := d.satellite(t, nil)
	private, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	before := d.State()

	const satellites, pools = "/api/private/satellites", "/api/private/resource-pools"
	pool, own := pools+"/"+first.ID, "/api/v0/workspaces/"+workspace.ID
	for _, test := range []struct {
		name, method, path string
		body               any
		status             int
		code, says         string
	}{
		{"no such endpoint", "GET", "/api/v0/nothing", nil, 404, "not_found", "no such endpoint"},
		{"not the API", "GET", "/dashboard", nil, 404, "not_found", "/dashboard"},
		{"half a path", "GET", "/api/v0", nil, 404, "not_found", "/api/v0"},
		{"the root", "GET", "/", nil, 404, "not_found", "no such endpoint"},
		{"a list for a lost ID", "GET", pools + "/", nil, 404, "not_found", "no such endpoint"},
		{"a sub-list for a lost ID", "GET", pools + "//workspaces", nil, 404, "not_found", "no such endpoint"},
		{"too long a path", "GET", pool + "/workspaces/x", nil, 404, "not_found", "no such endpoint"},
		{"a user's insides", "GET", "/api/v0/users/me/secrets", nil, 404, "not_found", "no such endpoint"},
		{"a key's insides", "POST", "/api/v0/api-keys/me/x/y", nil, 404, "not_found", "no such endpoint"},
		{"keys of nobody", "POST", "/api/v0/api-keys", nil, 404, "not_found", "no such endpoint"},
		{"an organization's insides", "GET", "/api/v0/orgs/x/members", nil, 404, "not_found", "no such endpoint"},
		{"an image's insides", "GET", "/api/v0/images/x/tags", nil, 404, "not_found", "no such endpoint"},
		{"a workspace's insides", "GET", own + "/start", nil, 404, "not_found", "no such endpoint"},
		{"a satellite's insides", "GET", satellites + "/x/y", nil, 404, "not_found", "no such endpoint"},
		{"other WebRTC", "GET", "/api/private/webrtc/turn", nil, 404, "not_found", "no such endpoint"},
		{"the primary has no satellite's key", "GET", satellites + "/key", nil, 404, "not_found", "no such endpoint"},
		{"other logs", "GET", "/api/private/workspaces/" + workspace.ID + "/watch-stats", nil, 404, "not_found", "no such endpoint"},

		{"unknown user", "GET", "/api/v0/users/nobody", nil, 404, "not_found", `user "nobody"`},
		{"unknown organization", "GET", "/api/v0/orgs/none", nil, 404, "not_found", `organization "none"`},
		{"unknown image", "GET", "/api/v0/images/none", nil, 404, "not_found", `image "none"`},
		{"unknown provider", "GET", pools + "/none", nil, 404, "not_found", `workspace provider "none"`},
		{"patch of an unknown provider", "PATCH", pools + "/none", "{}", 404, "not_found", `workspace provider "none"`},
		{"cordon of an unknown provider", "POST", pools + "/none/cordon", `{"reason":"x"}`, 404, "not_found", `"none"`},
		{"workspaces of an unknown provider", "GET", pools + "/none/workspaces", nil, 404, "not_found", `"none"`},
		{"unknown workspace", "GET", "/api/v0/workspaces/none", nil, 404, "not_found", `workspace "none"`},
		{"rebuild of an unknown workspace", "PATCH", "/api/v0/workspaces/none", "{}", 404, "not_found", `workspace "none"`},
		{"log of an unknown workspace", "GET", "/api/private/workspaces/none/watch-update", nil, 404, "not_found", `workspace "none"`},
		{"unknown satellite", "DELETE", satellites + "/none", nil, 404, "not_found", `satellite "none"`},
		{"a key for an unknown user", "POST", "/api/v0/api-keys/nobody", `{"name":"x"}`, 404, "not_found", `user "nobody"`},

		{"body is no JSON", "PATCH", pool, "name=x", 400, "bad_request", "invalid character"},
		{"body is missing", "PATCH", own, nil, 400, "bad_request", "EOF"},
		{"body is cut off", "PATCH", pool, `{"name": "x"`, 400, "bad_request", "EOF"},
		{"body is a list", "PATCH", pool, `[]`, 400, "bad_request", "array"},
		{"more than one body", "PATCH", pool, `{}{}`, 400, "bad_request", "continues"},
		{"a bracket too many", "PATCH", pool, `{}}`, 400, "bad_request", "continues"},
		{"unknown field of a provider", "PATCH", pool, `{"enable_netv2": true}`, 400, "bad_request", "unknown field"},
		{"mistyped field of a provider", "PATCH", pool, `{"enable_net_v2": "true"}`, 400, "bad_request", "string"},
		{"unknown field of a workspace", "PATCH", own, `{"rebuild": true}`, 400, "bad_request", "unknown field"},
		{"mistyped field of a workspace", "PATCH", own, `{"cpu_cores": "2"}`, 400, "bad_request", "string"},
		{"unknown field of a satellite", "POST", satellites, `{"name":"x","key":"y"}`, 400, "bad_request", "unknown field"},
		{"unknown field of a cordon", "POST", pool + "/cordon", `{"why":"x"}`, 400, "bad_request", "unknown field"},
		{"unknown field of a key", "POST", "/api/v0/api-keys/me", `{"title":"x"}`, 400, "bad_request", "unknown field"},
		{"empty name of a key", "POST", "/api/v0/api-keys/me", `{"name":""}`, 400, "bad_request", "name is required"},
		{"empty name of a provider", "PATCH", pool, `{"name":""}`, 400, "bad_request", "must not be empty"},
		{"empty name of a satellite", "POST", satellites, map[string]string{"public_key": other.PublicKey()}, 400, "bad_request", "name is required"},
		{"no key of a satellite", "POST", satellites, `{"name":"x"}`, 400, "bad_request", "PEM"},
		{"two keys of a satellite", "POST", satellites, map[string]string{"name": "x", "public_key": other.PublicKey() + satellite.PublicKey()}, 400, "bad_request", "one public key"},
		{"a private key of a satellite", "POST", satellites, map[string]string{"name": "x", "public_key": private}, 400, "bad_request", "PKIX"},

		{"name of a provider taken", "PATCH", pool, `{"name":"london"}`, 409, "conflict", `"london" exists`},
		{"name of a satellite taken", "POST", satellites, map[string]string{"name": "sydney", "public_key": other.PublicKey()}, 409, "conflict", `"sydney" exists`},
		{"key of a satellite taken", "POST", satellites, map[string]string{"name": "x", "public_key": "\n" + satellite.PublicKey() + "\n"}, 409, "conflict", `as "sydney"`},

		{"body is huge", "PATCH", pool, `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "too_large", "1048576"},

		{"put of a provider", "PUT", pool, "{}", 405, "method_not_allowed", "PUT"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := d.manager(t, test.method, test.path, test.body, test.status)
			code, message := got.message(t)
			if code != test.code || !strings.Contains(message, test.says) {
				t.Errorf("code %q, message %q; want %q with %q", code, message, test.code, test.says)
			}
		})
	}
	after := d.State()
	if len(after.Satellites) != 1 || after.Satellites[0].ID != before.Satellites[0].ID || after.Workspaces[0].Updating ||
		after.Providers[0].Name != "sydney" || *after.Providers[0].EnableNetV2 || after.Providers[0].Cordoned {
		t.Errorf("something was changed: %+v", after)
	}
}

func TestWrongMethod(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	pool := "/api/private/resource-pools/" + provider.ID
	for _, test := range []struct{ method, path, allow string }{
		{"POST", "/api", "GET, HEAD"},
		{"DELETE", "/api/v0/users", "GET, HEAD"},
		{"PUT", "/api/v0/users/me", "GET, HEAD"},
		{"PUT", "/api/v0/api-keys/me", "GET, POST, HEAD"},
		{"POST", "/api/v0/api-keys/me/x", "DELETE, GET, HEAD"},
		{"GET", "/api/v0/api-keys/me/x/regen", "POST"},
		{"PUT", "/api/v0/users/me/sshkey", "GET, HEAD"},
		{"GET", "/api/private/users/me/ux-state", "PUT"},
		{"GET", "/api/v0/workspaces/x/stop", "PUT"},
		{"PUT", "/api/v0/workspaces/x/devurls", "GET, POST, HEAD"},
		{"GET", "/api/v0/workspaces/x/devurls/y", "DELETE, PUT"},
		{"POST", "/api/v0/orgs", "GET, HEAD"},
		{"POST", "/api/v0/images", "GET, HEAD"},
		{"POST", "/api/v0/workspaces", "GET, HEAD"},
		{"DELETE", "/api/v0/workspaces/x", "GET, PATCH, HEAD"},
		{"POST", "/api/private/workspaces/x/watch-update", "GET, HEAD"},
		{"POST", "/api/private/resource-pools", "GET, HEAD"},
		{"DELETE", pool, "GET, PATCH, HEAD"},
		{"GET", pool + "/cordon", "POST"},
		{"GET", pool + "/uncordon", "POST"},
		{"POST", pool + "/workspaces", "GET, HEAD"},
		{"PUT", "/api/private/satellites", "GET, POST, HEAD"},
		{"GET", "/api/private/satellites/x", "DELETE"},
		{"POST", "/api/private/webrtc/ice", "GET, HEAD"},
	} {
		got := d.manager(t, test.method, test.path, nil, http.StatusMethodNotAllowed)
		if allow := got.header.Get("Allow"); allow != test.allow {
			t.Errorf("%s %s: allowed is %q, want %q", test.method, test.path, allow, test.allow)
		}
		got.message(t)
	}
}
