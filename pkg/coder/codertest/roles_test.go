package codertest_test

import (
	"net/http"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// Permissions: 401 without a valid token, 403 without the role.
func TestRoles(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 1})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	members := d.AddWorkspace(codertest.Workspace{Name: "mine", UserID: d.users[codertest.RoleMember].ID, ResourcePoolID: provider.ID})
	managers := d.AddWorkspace(codertest.Workspace{Name: "hers", UserID: d.users[codertest.RoleManager].ID, ResourcePoolID: provider.ID})
	expired := d.Token(d.users[codertest.RoleAdmin].ID)
	if !d.ExpireToken(expired) {
		t.Fatal("the token to expire is not known")
	}
	if d.ExpireToken("no-such-token") {
		t.Error("an unknown token was expired")
	}
	d.tokens["expired"], d.tokens["unknown"] = expired, "no-such-token"

	const pools, workspaces = "/api/private/resource-pools", "/api/v0/workspaces"
	everybody := [4]int{200, 200, 200, 200}
	for _, test := range []struct {
		method, path string
		body         any
		// want are the statuses for admin, manager, auditor and member.
		want [4]int
	}{
		{"GET", "/api/v0/users/me", nil, everybody},
		{"GET", "/api/v0/users", nil, everybody},
		{"GET", "/api/v0/users/" + d.users[codertest.RoleAdmin].ID, nil, everybody},
		{"GET", "/api/v0/orgs", nil, everybody},
		{"GET", "/api/v0/images", nil, everybody},
		{"GET", "/api/private/webrtc/ice", nil, everybody},
		{"GET", pools, nil, everybody},
		{"HEAD", pools, nil, everybody},
		{"GET", pools + "/" + provider.ID, nil, everybody},
		{"GET", pools + "/" + provider.ID + "/workspaces", nil, everybody},
		{"PATCH", pools + "/" + provider.ID, map[string]any{"enable_net_v2": true}, [4]int{204, 204, 403, 403}},
		{"POST", pools + "/" + provider.ID + "/cordon", map[string]string{"reason": "full"}, [4]int{204, 204, 403, 403}},
		{"POST", pools + "/" + provider.ID + "/uncordon", nil, [4]int{204, 204, 403, 403}},
		{"GET", "/api/private/satellites", nil, [4]int{200, 200, 403, 403}},
		{"POST", "/api/private/satellites", map[string]string{"name": ""}, [4]int{400, 400, 403, 403}},
		{"DELETE", "/api/private/satellites/none", nil, [4]int{404, 404, 403, 403}},
		{"GET", workspaces, nil, everybody},
		{"GET", workspaces + "/" + managers.ID, nil, [4]int{200, 200, 200, 404}},
		{"GET", workspaces + "/" + members.ID, nil, everybody},
		{"PATCH", workspaces + "/" + managers.ID, map[string]any{}, [4]int{204, 204, 403, 404}},
		{"PATCH", workspaces + "/" + members.ID, map[string]any{}, [4]int{204, 204, 403, 204}},
		{"POST", "/api/v0/api-keys/" + d.users[codertest.RoleAdmin].ID, map[string]string{}, [4]int{400, 400, 403, 403}},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			for i, role := range []string{codertest.RoleAdmin, codertest.RoleManager, codertest.RoleAuditor, codertest.RoleMember} {
				got := d.call(t, role, test.method, test.path, test.body)
				if got.status != test.want[i] {
					t.Errorf("%s: status %d, want %d: %s", role, got.status, test.want[i], got.body)
				}
				if got.status >= 300 {
					got.message(t)
				}
				if test.method == "PATCH" && got.status == 204 { // so that the next role may rebuild again
					eventually(t, "the build", func() bool {
						for _, workspace := range d.Workspaces() {
							if workspace.Updating {
								return false
							}
						}
						return true
					})
				}
			}
			for _, role := range []string{"", "expired", "unknown"} {
				got := d.call(t, role, test.method, test.path, test.body)
				if got.status != http.StatusUnauthorized {
					t.Errorf("token %q: status %d, want 401", role, got.status)
				} else if test.method != "HEAD" {
					got.message(t)
				}
			}
		})
	}
}

// A member's lists contain only the member's own resources. All other roles see everything.
func TestMembersSeeTheirOwnWorkspaces(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	for _, role := range []string{codertest.RoleMember, codertest.RoleManager} {
		d.AddWorkspace(codertest.Workspace{Name: role, UserID: d.users[role].ID, ResourcePoolID: provider.ID})
	}
	for role, want := range map[string]int{codertest.RoleAdmin: 2, codertest.RoleManager: 2, codertest.RoleAuditor: 2, codertest.RoleMember: 1} {
		for _, path := range []string{"/api/v0/workspaces", "/api/private/resource-pools/" + provider.ID + "/workspaces"} {
			if got := decode[[]codertest.Workspace](t, d.call(t, role, http.MethodGet, path, nil)); len(got) != want {
				t.Errorf("%s: %s: %d workspaces, want %d", role, path, len(got), want)
			}
		}
	}
}

// A token in the query is accepted only for WebSockets, since it would end up in logs elsewhere.
func TestTokenInTheQueryIsForWebSocketsAlone(t *testing.T) {
	d := start(t, codertest.Options{})
	got := d.call(t, "", http.MethodGet, "/api/v0/users/me?session_token="+d.tokens[codertest.RoleAdmin], nil)
	if got.status != http.StatusUnauthorized {
		t.Errorf("status %d, want 401", got.status)
	}
}
