package codertest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// The tests in this file send the same requests as Coder's own command-line client, in the same
// order, and read the same fields of the answers (coder-cli, folders coder-sdk and internal/cmd).
// Its list requests have no Content-Type, and its bodies contain nulls.

type cliUser struct {
	ID        string    `json:"id"`
	Email     string    `json:"email"`
	Roles     []string  `json:"roles"`
	LoginType string    `json:"login_type"`
	CreatedAt time.Time `json:"created_at"`
}

type cliProviders struct {
	Kubernetes []struct {
		ID           string   `json:"id"`
		Name         string   `json:"name"`
		Status       string   `json:"status"`
		OrgWhitelist []string `json:"org_whitelist"`
		Config       struct {
			ClusterAddress string `json:"cluster_address"`
			SSHEnabled     bool   `json:"ssh_enabled"`
		} `json:"config"`
	} `json:"kubernetes"`
}

type cliWorkspace struct {
	ID               string    `json:"id"`
	Name             string    `json:"name"`
	ImageID          string    `json:"image_id"`
	ImageTag         string    `json:"image_tag"`
	CPUCores         float32   `json:"cpu_cores"`
	DiskGB           int       `json:"disk_gb"`
	LastBuiltAt      time.Time `json:"last_built_at"`
	LastOpenedAt     time.Time `json:"last_opened_at"`
	AutoOffThreshold int64     `json:"auto_off_threshold"` // milliseconds
	ResourcePoolID   string    `json:"resource_pool_id"`
	RebuildMessages  []struct {
		Text             string `json:"text"`
		AutoOffThreshold int64  `json:"auto_off_threshold"`
	} `json:"rebuild_messages"`
	LatestStat struct {
		ContainerStatus string `json:"container_status"`
	} `json:"latest_stat"`
}

// login: the version, for which no token is needed (it is sent anyway), then the user.
func TestCLILogin(t *testing.T) {
	d := start(t, codertest.Options{Version: "1.21.3"})
	if got := d.manager(t, http.MethodGet, "/api", nil, 200); got.header.Get("Coder-Version") != "1.21.3" {
		t.Errorf("the version is %q", got.header.Get("Coder-Version"))
	}
	me := decode[cliUser](t, d.manager(t, http.MethodGet, "/api/v0/users/me", nil, 200))
	if me.Email != "manager@example.com" || me.LoginType != "built-in" || me.CreatedAt.IsZero() || me.Roles[0] != "site-manager" {
		t.Errorf("the user is %+v", me)
	}
	d.tokens["pasted"] = "wrong"
	if got := d.call(t, "pasted", http.MethodGet, "/api/v0/users/me", nil); got.status != 401 {
		t.Errorf("a wrong token: status %d", got.status)
	}
}

// satellites create|ls|rm: the key from the satellite, without a token.
func TestCLISatellites(t *testing.T) {
	d := start(t, codertest.Options{})
	_, url, client := d.satellite(t, nil)
	served, err := send(client, http.MethodGet, url+"/api/private/satellites/key", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	key := decode[struct {
		Key         string `json:"key"`
		Fingerprint string `json:"fingerprint"`
	}](t, served)
	if key.Key == "" || key.Fingerprint == "" {
		t.Fatalf("the key is %+v", key)
	}
	type satellite struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Fingerprint string `json:"fingerprint"`
	}
	created := decode[struct {
		Data satellite `json:"data"`
	}](t, d.manager(t, http.MethodPost, satellites, map[string]string{"name": "sydney", "public_key": key.Key}, 201)).Data
	list := decode[struct {
		Data []satellite `json:"data"`
	}](t, d.manager(t, http.MethodGet, satellites, nil, 200)).Data
	if len(list) != 1 || list[0] != created || created.Name != "sydney" || created.Fingerprint != key.Fingerprint {
		t.Errorf("created %+v, listed %+v", created, list)
	}
	if got := d.manager(t, http.MethodDelete, satellites+"/"+created.ID, nil, 204); got.body != "" {
		t.Errorf("the answer has a body: %s", got.body)
	}
}

// providers ls|rename|cordon|uncordon.
func TestCLIProviders(t *testing.T) {
	d := start(t, codertest.Options{})
	d.AddProvider(codertest.Provider{Name: "sydney", Config: codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1", SSHEnabled: true}})
	list := decode[cliProviders](t, d.manager(t, http.MethodGet, pools, nil, 200)).Kubernetes
	if len(list) != 1 || list[0].Name != "sydney" || list[0].Status != "ready" || len(list[0].OrgWhitelist) != 1 || !list[0].Config.SSHEnabled {
		t.Fatalf("the list is %+v", list)
	}
	pool := pools + "/" + list[0].ID
	for _, step := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPatch, pool, map[string]string{"name": "melbourne"}},
		{http.MethodPost, pool + "/cordon", map[string]string{"reason": "moving"}},
		{http.MethodPost, pool + "/uncordon", nil},
	} {
		if got := d.manager(t, step.method, step.path, step.body, 204); got.body != "" {
			t.Errorf("%s: the answer has a body: %s", step.path, got.body)
		}
	}
	if got := d.Providers()[0].Name; got != "melbourne" {
		t.Errorf("the name is %q", got)
	}
}

// workspaces ls and rebuild --follow: the user, her organizations, her workspaces in each, and
// for the table the providers and each image.
func TestCLIWorkspaces(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 40 * time.Millisecond})
	canary := d.canary(codertest.RoleMember) // no test has added an image
	role := codertest.RoleMember
	me := decode[cliUser](t, d.call(t, role, http.MethodGet, "/api/v0/users/me", nil))
	orgs := decode[[]struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Default bool   `json:"default"`
		Members []struct {
			ID string `json:"id"`
		} `json:"members"`
	}](t, d.call(t, role, http.MethodGet, "/api/v0/orgs", nil))
	var found []cliWorkspace
	for _, org := range orgs {
		for _, member := range org.Members {
			if member.ID == me.ID {
				found = append(found, decode[[]cliWorkspace](t, d.call(t, role, http.MethodGet, "/api/v0/workspaces?orgs="+org.ID+"&users="+me.ID, nil))...)
			}
		}
	}
	if len(found) != 1 || found[0].ID != canary.ID || found[0].LatestStat.ContainerStatus != "OFF" || len(found[0].RebuildMessages) != 1 || found[0].CPUCores == 0 {
		t.Fatalf("the workspaces are %+v", found)
	}
	providers := decode[cliProviders](t, d.call(t, role, http.MethodGet, pools, nil)).Kubernetes
	if providers[0].ID != found[0].ResourcePoolID {
		t.Errorf("the provider of %+v is not listed", found[0])
	}
	image := decode[struct {
		Repository string `json:"repository"`
	}](t, d.call(t, role, http.MethodGet, "/api/v0/images/"+found[0].ImageID, nil))
	if image.Repository == "" || found[0].ImageTag == "" {
		t.Errorf("the image is %q:%q", image.Repository, found[0].ImageTag)
	}

	null := `{"image_id":null,"image_tag":null,"cpu_cores":null,"memory_gb":null,"disk_gb":null,"gpus":null,"template_id":null}`
	if got := d.call(t, role, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, null); got.status != 204 {
		t.Fatalf("rebuild: %+v", got)
	}
	// it requests the log after the rebuild
	messages := next(t, watch(t, d.client, d.URL(), d.tokens[role], canary.ID))
	if got := types(messages); !strings.HasPrefix(got, "start") || !strings.HasSuffix(got, "done") {
		t.Errorf("messages %q", got)
	}
	after := decode[cliWorkspace](t, d.call(t, role, http.MethodGet, "/api/v0/workspaces/"+canary.ID, nil))
	if after.ImageID != canary.ImageID || after.DiskGB != canary.DiskGB || after.LatestStat.ContainerStatus != "ON" {
		t.Errorf("after the rebuild: %+v", after)
	}
}

// workspaces ping begins with the ICE servers. One of them is the TURN server behind a WebSocket.
func TestCLIIceServers(t *testing.T) {
	d := start(t, codertest.Options{})
	got := decode[struct {
		Data []struct {
			URLs       []string `json:"urls"`
			Username   string   `json:"username"`
			Credential string   `json:"credential"`
		} `json:"data"`
	}](t, d.call(t, codertest.RoleMember, http.MethodGet, "/api/private/webrtc/ice", nil)).Data
	if len(got) != 1 || got[0].URLs[0] != "turn:127.0.0.1:3478?transport=tcp" || got[0].Username != "~magicalusername~" || got[0].Credential != "~magicalusername~" {
		t.Errorf("the servers are %+v", got)
	}
}
