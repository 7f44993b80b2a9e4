package codertest_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// tokens create|ls|regen|rm, which use the user name "me".
func TestCLITokens(t *testing.T) {
	d := start(t, codertest.Options{})
	const keys = "/api/v0/api-keys/me"
	type listed struct {
		ID          string    `json:"id"`
		Name        string    `json:"name"`
		Application bool      `json:"application"`
		UserID      string    `json:"user_id"`
		LastUsed    time.Time `json:"last_used"`
	}
	list := func() []listed { return decode[[]listed](t, d.manager(t, http.MethodGet, keys, nil, 200)) }
	if got := list(); got == nil || len(got) != 0 {
		t.Fatalf("a session is listed as an API token: %+v", got)
	}
	type key struct {
		Key string `json:"key"`
	}
	d.tokens["ci"] = decode[key](t, d.manager(t, http.MethodPost, keys, map[string]string{"name": "ci"}, 201)).Key
	d.manager(t, http.MethodPost, keys, map[string]string{"name": "another"}, 201)
	d.manager(t, http.MethodPost, keys, map[string]string{"name": "ci"}, http.StatusConflict)
	got := list()
	if len(got) != 2 || got[0].Name != "another" || got[1].Name != "ci" || got[1].UserID != d.users[codertest.RoleManager].ID || !got[1].Application {
		t.Fatalf("the tokens are %+v", got)
	}
	used := got[1].LastUsed
	one := keys + "/" + got[1].ID
	if got := d.call(t, "ci", http.MethodGet, one, nil); !decode[listed](t, got).LastUsed.After(used) || strings.Contains(got.body, d.tokens["ci"]) {
		t.Errorf("the token is %s", got.body)
	}
	d.tokens["regenerated"] = decode[key](t, d.manager(t, http.MethodPost, one+"/regen", nil, 200)).Key
	for role, want := range map[string]int{"ci": 401, "regenerated": 200} {
		if got := d.call(t, role, http.MethodGet, one, nil); got.status != want {
			t.Errorf("after a regeneration, %s: status %d", role, got.status)
		}
	}
	d.manager(t, http.MethodDelete, one, nil, 204)
	d.manager(t, http.MethodDelete, one, nil, 404)
	if got := d.call(t, "regenerated", http.MethodGet, keys, nil); got.status != 401 || len(list()) != 1 {
		t.Errorf("a token that was removed: status %d", got.status)
	}
	others := "/api/v0/api-keys/" + d.users[codertest.RoleManager].ID
	for _, path := range []string{others, others + "/" + list()[0].ID} {
		if got := d.call(t, codertest.RoleMember, http.MethodGet, path, nil); got.status != http.StatusForbidden {
			t.Errorf("%s, as a member: status %d", path, got.status)
		}
	}
}

// urls create|ls|rm: a second creation for a port overwrites the first.
func TestCLIDevURLs(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney", DevurlHost: "*.coder-sydney.example.com"})
	role := codertest.RoleMember
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: d.users[role].ID, ResourcePoolID: provider.ID})
	path := "/api/v0/workspaces/" + workspace.ID + "/devurls"
	list := func() []codertest.DevURL {
		return decode[[]codertest.DevURL](t, d.call(t, role, http.MethodGet, path, nil))
	}
	want := func(status int, method, path string, body map[string]any) {
		t.Helper()
		if got := d.call(t, role, method, path, body); got.status != status {
			t.Errorf("%s %s %v: status %d, want %d: %s", method, path, body, got.status, status, got.body)
		}
	}
	if got := list(); got == nil || len(got) != 0 {
		t.Fatalf("the URLs are %+v", got)
	}
	body := func(port int, access, name string) map[string]any {
		return map[string]any{"workspace_id": workspace.ID, "port": port, "access": access, "name": name, "scheme": "http"}
	}
	want(204, http.MethodPost, path, body(8080, "PRIVATE", "app"))
	want(409, http.MethodPost, path, body(8080, "PRIVATE", ""))
	want(400, http.MethodPost, path, body(8081, "private", ""))
	want(400, http.MethodPost, path, body(0, "PRIVATE", ""))
	made := list()
	if len(made) != 1 || made[0].URL != "https://app--w--member.coder-sydney.example.com" || made[0].Port != 8080 {
		t.Fatalf("the URLs are %+v", made)
	}
	one := path + "/" + made[0].ID
	want(204, http.MethodPut, one, body(8080, "ORG", ""))
	if got := list(); len(got) != 1 || got[0].ID != made[0].ID || got[0].Access != "ORG" || !strings.HasPrefix(got[0].URL, "https://8080--w--member.") {
		t.Errorf("the URLs are %+v", got)
	}
	want(404, http.MethodPut, path+"/none", body(8080, "ORG", ""))
	removal := map[string]any{"workspace_id": workspace.ID, "url_id": made[0].ID}
	want(204, http.MethodDelete, one, removal)
	want(404, http.MethodDelete, one, removal)
	want(404, http.MethodGet, one+"/more", nil)
}

// workspaces stop: the owner or a manager switches a workspace off, which ends its agent.
func TestCLIStop(t *testing.T) {
	d := start(t, codertest.Options{Agents: true, Version: "1.22.3"})
	workspace := d.AddWorkspace(codertest.Workspace{
		Name: "w", UserID: d.users[codertest.RoleMember].ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
	})
	eventually(t, "the agent", func() bool { return d.AgentConnected(workspace.ID) })
	path := "/api/v0/workspaces/" + workspace.ID + "/stop"
	if got := d.call(t, codertest.RoleAuditor, http.MethodPut, path, nil); got.status != http.StatusForbidden {
		t.Errorf("an auditor: status %d", got.status)
	}
	for range 2 {
		if got := d.call(t, codertest.RoleMember, http.MethodPut, path, nil); got.status != 204 || got.body != "" {
			t.Fatalf("status %d: %s", got.status, got.body)
		}
	}
	if got := d.workspace(t, workspace.ID).LatestStat.ContainerStatus; got != "OFF" {
		t.Errorf("the workspace is %s", got)
	}
	eventually(t, "the agent's end", func() bool { return !d.AgentConnected(workspace.ID) })
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+workspace.ID, `{}`, 204)
	d.manager(t, http.MethodPut, path, nil, http.StatusConflict)
}

// config-ssh and ssh: the site's configuration, the user's key pair, and the notes that the
// clients store on the way.
func TestCLISSH(t *testing.T) {
	d := start(t, codertest.Options{})
	role := codertest.RoleMember
	me := d.users[role].ID
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: me, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}})
	if got := decode[map[string]bool](t, d.call(t, role, http.MethodGet, "/api/private/config", nil)); !got["enable_p2p"] {
		t.Errorf("the configuration is %v", got)
	}
	type pair struct {
		PublicKey  string `json:"public_key"`
		PrivateKey string `json:"private_key"`
	}
	key := decode[pair](t, d.call(t, role, http.MethodGet, "/api/v0/users/me/sshkey", nil))
	block, _ := pem.Decode([]byte(key.PrivateKey))
	if block == nil {
		t.Fatalf("the private key is %q", key.PrivateKey)
	}
	private, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	kind, encoded, _ := strings.Cut(key.PublicKey, " ")
	blob, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil || kind != "ecdsa-sha2-nistp256" || !strings.HasSuffix(string(blob), string(point)) {
		t.Errorf("the public key is %q, %v", key.PublicKey, err)
	}
	if again := decode[pair](t, d.call(t, role, http.MethodGet, "/api/v0/users/me/sshkey", nil)); again != key {
		t.Error("the key is another one each time")
	}
	if d.manager(t, http.MethodGet, "/api/v0/users/me/sshkey", nil, 200).body == d.call(t, role, http.MethodGet, "/api/v0/users/me/sshkey", nil).body {
		t.Error("two users share a key")
	}
	d.manager(t, http.MethodGet, "/api/v0/users/"+me+"/sshkey", nil, 404) // only the user's own
	for _, step := range []struct {
		method, path string
		body         any
		status       int
	}{
		{http.MethodPut, "/api/private/users/" + me + "/ux-state", map[string]any{"cliSSHConfigured": map[string]bool{workspace.ID: true}}, 204},
		{http.MethodPut, "/api/private/users/other/ux-state", map[string]any{}, 403},
		{http.MethodPost, "/api/private/metrics/usage/push", map[string]string{"source": "cli-ssh", "workspace_id": workspace.ID}, 200},
		{http.MethodPost, "/api/private/envagent/" + workspace.ID + "/update-last-connection-at", nil, 200},
		{http.MethodPost, "/api/private/envagent/none/update-last-connection-at", nil, 404},
	} {
		if got := d.call(t, role, step.method, step.path, step.body); got.status != step.status {
			t.Errorf("%s %s: status %d, want %d: %s", step.method, step.path, got.status, step.status, got.body)
		}
	}
	if d.workspace(t, workspace.ID).LastConnectionAt.IsZero() {
		t.Error("the connection was not noted")
	}
}
