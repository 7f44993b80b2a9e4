package labtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Requests returns the primary's log since the lab came up or the last
// ResetRequests. Health probes of running satellites are in it, without a User.
func (l *Lab) Requests(t testing.TB) []codertest.Request {
	t.Helper()
	var requests []codertest.Request
	l.control(t, http.MethodGet, "/requests", nil, &requests)
	return requests
}

// Writes returns those of the requests that ask the primary for a change.
func (l *Lab) Writes(t testing.TB) []codertest.Request {
	t.Helper()
	return slices.DeleteFunc(l.Requests(t), func(request codertest.Request) bool {
		return request.Method == http.MethodGet || request.Method == http.MethodHead
	})
}

// ResetRequests empties the primary's log.
func (l *Lab) ResetRequests(t testing.TB) {
	t.Helper()
	l.control(t, http.MethodDelete, "/requests", nil, nil)
}

// AddFault makes the primary fail by a rule, until the test ends.
func (l *Lab) AddFault(t testing.TB, fault codertest.Fault) {
	t.Helper()
	l.control(t, http.MethodPost, "/faults", fault, nil)
	t.Cleanup(func() { l.ClearFaults(t) })
}

// ClearFaults removes all rules.
func (l *Lab) ClearFaults(t testing.TB) {
	t.Helper()
	l.control(t, http.MethodDelete, "/faults", nil, nil)
}

// State returns the primary's state.
func (l *Lab) State(t testing.TB) codertest.State {
	t.Helper()
	var state codertest.State
	l.control(t, http.MethodGet, "/state", nil, &state)
	return state
}

// Provider returns the provider of that name; the test fails if there is none.
func (l *Lab) Provider(t testing.TB, name string) codertest.Provider {
	t.Helper()
	for _, provider := range l.State(t).Providers {
		if provider.Name == name {
			return provider
		}
	}
	t.Fatalf("the primary has no provider %q", name)
	return codertest.Provider{}
}

// Workspace returns the workspace of that name; the test fails if there is none.
func (l *Lab) Workspace(t testing.TB, name string) codertest.Workspace {
	t.Helper()
	for _, workspace := range l.State(t).Workspaces {
		if workspace.Name == name {
			return workspace
		}
	}
	t.Fatalf("the primary has no workspace %q", name)
	return codertest.Workspace{}
}

// SetVersion changes the primary's version, as an upgrade would.
func (l *Lab) SetVersion(t testing.TB, version string) {
	t.Helper()
	l.control(t, http.MethodPost, "/version", map[string]string{"version": version}, nil)
}

// AddUser adds a user with roles, and returns it with a token.
func (l *Lab) AddUser(t testing.TB, email string, roles ...string) (user codertest.User, token string) {
	t.Helper()
	var answer struct {
		User  codertest.User `json:"user"`
		Token string         `json:"token"`
	}
	l.control(t, http.MethodPost, "/users", map[string]any{"email": email, "roles": roles}, &answer)
	return answer.User, answer.Token
}

// ExpireToken makes the primary refuse a token from now on.
func (l *Lab) ExpireToken(t testing.TB, token string) {
	t.Helper()
	l.control(t, http.MethodPost, "/tokens/expire", map[string]string{"token": token}, nil)
}

// FailBuilds makes the builds of a workspace fail with a message, the next
// one only or all of them; an empty message lets them succeed again.
func (l *Lab) FailBuilds(t testing.TB, workspaceID, message string, once bool) {
	t.Helper()
	l.control(t, http.MethodPost, "/workspaces/fail", map[string]any{"id": workspaceID, "message": message, "once": once}, nil)
}

// AddWorkspace adds a workspace, and returns it with what was filled in.
func (l *Lab) AddWorkspace(t testing.TB, workspace codertest.Workspace) codertest.Workspace {
	t.Helper()
	l.control(t, http.MethodPost, "/workspaces", workspace, &workspace)
	return workspace
}

// AddProvider adds a provider, and returns it with what was filled in.
func (l *Lab) AddProvider(t testing.TB, provider codertest.Provider) codertest.Provider {
	t.Helper()
	l.control(t, http.MethodPost, "/providers", provider, &provider)
	return provider
}

// control asks the primary's control listener. It runs in cleanups, too, when
// the test's own context has ended.
func (l *Lab) control(t testing.TB, method, path string, body, answer any) {
	t.Helper()
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequest(method, l.ControlURL+path, &content)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("the lab's control does not answer: %v", err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= http.StatusBadRequest {
		t.Fatalf("%s %s of the lab's control: %s: %s %v", method, path, response.Status, strings.TrimSpace(string(data)), err)
	}
	if answer != nil {
		if err := json.Unmarshal(data, answer); err != nil {
			t.Fatalf("%s %s of the lab's control: %v", method, path, err)
		}
	}
}
