package codertest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// control serves a primary's control API, and returns a function that calls it.
func control(t *testing.T, d *deployment) func(method, path string, body any, status int) answer {
	t.Helper()
	server := httptest.NewServer(d.ControlHandler())
	t.Cleanup(server.Close)
	return func(method, path string, body any, status int) answer {
		t.Helper()
		got, err := send(server.Client(), method, server.URL+path, "", body)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != status {
			t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, status, got.body)
		}
		return got
	}
}

// Another process can do over HTTP what a test does with calls.
func TestControl(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 4 * time.Millisecond})
	call := control(t, d)

	// a new user's token works until it expires
	created := decode[struct {
		User  codertest.User
		Token string
	}](t, call("POST", "/users", map[string]any{"email": "new@example.com", "roles": []string{codertest.RoleManager}}, 201))
	d.tokens["new"] = created.Token
	if got := decode[codertest.User](t, d.call(t, "new", "GET", "/api/v0/users/me", nil)); got.ID != created.User.ID || got.Roles[0] != codertest.RoleManager {
		t.Errorf("the new user is %+v", got)
	}
	call("POST", "/users", map[string]any{"email": "new@example.com"}, 409)
	call("POST", "/users", map[string]any{}, 409)
	call("POST", "/tokens/expire", map[string]string{"token": created.Token}, 204)
	call("POST", "/tokens/expire", map[string]string{"token": "none"}, 404)

	// a workspace is added and removed
	added := decode[codertest.Workspace](t, call("POST", "/workspaces", map[string]string{"name": "extra", "user_id": created.User.ID}, 201))
	names := func() (names []string) {
		for _, w := range d.Workspaces() {
			names = append(names, w.Name)
		}
		return names
	}
	if !slices.Contains(names(), "extra") {
		t.Errorf("the workspace is not there: %v", names())
	}
	call("DELETE", "/workspaces/"+added.ID, nil, 204)
	call("DELETE", "/workspaces/none", nil, 204)
	if slices.Contains(names(), "extra") {
		t.Errorf("the workspace is still there: %v", names())
	}
	if got := d.call(t, "new", "GET", "/api/v0/users/me", nil); got.status != 401 {
		t.Errorf("after its end: status %d", got.status)
	}
	call("POST", "/tokens/renew", map[string]string{"token": created.Token}, 204)
	call("POST", "/tokens/renew", map[string]string{"token": "none"}, 404)
	if got := d.call(t, "new", "GET", "/api/v0/users/me", nil); got.status != 200 {
		t.Errorf("renewed: status %d", got.status)
	}

	// the control API still works while the primary is away
	call("POST", "/away", map[string]any{"for": time.Hour}, 204)
	if err := ask(t, d, 10*time.Second); err == nil {
		t.Error("a primary that is away answers")
	}
	call("DELETE", "/away", nil, 204)
	if err := ask(t, d, 10*time.Second); err != nil {
		t.Error(err)
	}

	// a provider, a workspace on it whose build fails, and their state in the API
	provider := decode[codertest.Provider](t, call("POST", "/providers", codertest.Provider{Name: "sydney", Config: codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1"}}, 201))
	workspace := decode[codertest.Workspace](t, call("POST", "/workspaces", codertest.Workspace{Name: "canary", UserID: created.User.ID, ResourcePoolID: provider.ID}, 201))
	call("POST", "/workspaces/fail", map[string]any{"id": workspace.ID, "message": "no space left on device", "once": true}, 204)
	call("POST", "/workspaces/fail", map[string]any{"id": "none", "message": "x"}, 404)
	call("POST", "/workspaces/agent-token", map[string]any{"id": "none"}, 404)
	if got := decode[map[string]string](t, call("POST", "/workspaces/agent-token", map[string]any{"id": workspace.ID}, 200)); got["token"] != d.AgentToken(workspace.ID) {
		t.Errorf("the agent's token: %v", got)
	}
	d.manager(t, "PATCH", "/api/v0/workspaces/"+workspace.ID, `{}`, 204)
	eventually(t, "the failed build", func() bool { return d.workspace(t, workspace.ID).LatestStat.ContainerStatus == "FAILED" })

	// a provider is added and removed
	twin := decode[codertest.Provider](t, call("POST", "/providers", codertest.Provider{Name: "twin"}, 201))
	call("DELETE", "/providers/"+twin.ID, nil, 204)
	call("DELETE", "/providers/"+twin.ID, nil, 204)
	d.manager(t, "GET", pools+"/"+twin.ID, nil, 404)

	// the version
	call("POST", "/version", map[string]string{"version": "1.22.0"}, 204)
	if got := d.call(t, "", "GET", "/api", nil).header.Get("Coder-Version"); got != "1.22.0" {
		t.Errorf("the version is %q", got)
	}

	// faults
	first := decode[struct{ ID string }](t, call("POST", "/faults", codertest.Fault{Path: pools, Status: 500}, 201))
	call("POST", "/faults", codertest.Fault{Path: "/api", Status: 502, Times: 1}, 201)
	d.manager(t, "GET", pools, nil, 500)
	call("DELETE", "/faults/"+first.ID, nil, 204)
	d.manager(t, "GET", pools, nil, 200)
	d.manager(t, "GET", "/api", nil, 502)
	d.manager(t, "GET", "/api", nil, 200)
	call("POST", "/faults", codertest.Fault{Status: 500, Delay: time.Millisecond}, 201)
	d.manager(t, "GET", pools, nil, 500)
	call("DELETE", "/faults", nil, 204)
	d.manager(t, "GET", pools, nil, 200)

	// the log
	if got := decode[[]codertest.Request](t, call("GET", "/requests", nil, 200)); len(got) == 0 || got[0].Path != "/api/v0/users/me" {
		t.Errorf("the log is %+v", got)
	}
	call("DELETE", "/requests", nil, 204)
	if got := call("GET", "/requests", nil, 200); strings.TrimSpace(got.body) != "[]" {
		t.Errorf("the emptied log is %s", got.body)
	}

	// the state contains no token
	state := call("GET", "/state", nil, 200)
	if diff := cmp.Diff(d.State(), decode[codertest.State](t, state), cmp.AllowUnexported(codertest.Registration{})); diff != "" {
		t.Error(diff)
	}
	for role, token := range d.tokens {
		if token != "" && strings.Contains(state.body, token) {
			t.Errorf("the state shows the token of %q", role)
		}
	}
}

// The state of an empty primary has empty lists, not nulls.
func TestEmptyState(t *testing.T) {
	primary, err := codertest.NewPrimary(codertest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Close()
	data, err := json.Marshal(primary.State())
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"version":"1.21.3","users":[],"providers":[],"satellites":[],"workspaces":[]}`; string(data) != want {
		t.Errorf("the state is %s, want %s", data, want)
	}
}

// Misspelled input is refused. A rule that is not understood would silently never apply.
func TestControlRefusals(t *testing.T) {
	d := start(t, codertest.Options{})
	call := control(t, d)
	for _, test := range []struct {
		path, body string
		says       string
	}{
		{"/faults", `{"statsu": 500}`, "statsu"},
		{"/faults", `{"status": "500"}`, "string"},
		{"/faults", `{"status": 42}`, "status 42"},
		{"/faults", `{"status": 101}`, "status 101"},
		{"/faults", `{"path": "[", "status": 500}`, "syntax error"},
		{"/faults", ``, "EOF"},
		{"/version", `{"vresion": "1.22"}`, "vresion"},
		{"/users", `[]`, "array"},
		{"/providers", `{"name": 1}`, "number"},
		{"/workspaces", `{"naam": "x"}`, "naam"},
		{"/workspaces", `{"name":"` + strings.Repeat("x", 1<<20) + `"}`, "too large"},
	} {
		got := call(http.MethodPost, test.path, test.body, http.StatusBadRequest)
		if _, message := got.message(t); !strings.Contains(message, test.says) {
			t.Errorf("%s %.40s: %q, want %q", test.path, test.body, message, test.says)
		}
	}
	d.manager(t, http.MethodGet, pools, nil, 200)
	call(http.MethodGet, "/faults", nil, http.StatusMethodNotAllowed)
	call(http.MethodGet, "/api", nil, http.StatusNotFound)
	// the API itself does not serve the control API
	if got := d.manager(t, http.MethodGet, "/state", nil, http.StatusNotFound); strings.Contains(got.body, "users") {
		t.Errorf("the API serves %s", got.body)
	}
}
