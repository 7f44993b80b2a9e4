package coder_test

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestProviders(t *testing.T) {
	d := start(t, codertest.Options{})
	client := d.client(t)
	all, err := client.Providers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	off := false
	want := coder.Provider{
		ID: d.provider.ID, Name: "sydney", Status: "ready",
		EnableNetV2: &off, Config: coder.ProviderConfig{ClusterAddress: "https://10.0.0.1"},
	}
	hidden := cmpopts.IgnoreUnexported(coder.Provider{})
	if diff := cmp.Diff([]coder.Provider{want}, all, hidden); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	for name, change := range map[string]func() error{
		"on":       func() error { return client.SetNetworkingV2(t.Context(), want.ID, true) },
		"cordon":   func() error { return client.CordonProvider(t.Context(), want.ID, "moving") },
		"uncordon": func() error { return client.UncordonProvider(t.Context(), want.ID) },
	} {
		if err := change(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	after, err := client.Provider(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	on := true
	want.EnableNetV2 = &on
	if diff := cmp.Diff(want, after, hidden); diff != "" {
		t.Errorf("after the switch (-want +got):\n%s", diff)
	}
	if changed := coder.ProviderChanges(all[0], after); changed != nil {
		t.Errorf("the switch changed %v, too", changed)
	}
	workspaces, err := client.ProviderWorkspaces(t.Context(), want.ID)
	if err != nil || len(workspaces) != 1 || workspaces[0].ID != d.workspace.ID || workspaces[0].ProviderID != want.ID {
		t.Errorf("workspaces %+v, %v", workspaces, err)
	}
}

// From v1.22 on the flag is absent, which does not mean off.
func TestProviderWithoutFlag(t *testing.T) {
	d := start(t, codertest.Options{Version: "1.22.0"})
	got, err := d.client(t).Provider(t.Context(), d.provider.ID)
	if err != nil || got.EnableNetV2 != nil {
		t.Errorf("flag %v, error %v", got.EnableNetV2, err)
	}
}

// The answer to a PATCH may or may not have a body.
func TestPatchWithBody(t *testing.T) {
	d := start(t, codertest.Options{PatchWithBody: true})
	if err := d.client(t).SetNetworkingV2(t.Context(), d.provider.ID, true); err != nil {
		t.Fatal(err)
	}
	if got := d.Providers()[0].EnableNetV2; got == nil || !*got {
		t.Errorf("flag %v", got)
	}
}

func TestSatellites(t *testing.T) {
	d := start(t, codertest.Options{})
	client := d.client(t)
	if none, err := client.Satellites(t.Context()); err != nil || len(none) != 0 {
		t.Fatalf("%v, %v before any is registered", none, err)
	}
	created, err := client.CreateSatellite(t.Context(), "sydney", somePEM)
	if err != nil {
		t.Fatal(err)
	}
	want, err := coder.Fingerprint(somePEM)
	if err != nil || created.Fingerprint != want {
		t.Errorf("fingerprint %q, want %q (%v)", created.Fingerprint, want, err)
	}
	all, err := client.Satellites(t.Context())
	if diff := cmp.Diff([]coder.Satellite{created}, all); err != nil || diff != "" {
		t.Errorf("list: %v (-want +got):\n%s", err, diff)
	}
	_, err = client.CreateSatellite(t.Context(), "sydney", somePEM)
	if refused := new(coder.Error); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		t.Errorf("a second one of that name: %v", err)
	}
	if err := client.DeleteSatellite(t.Context(), created.ID); err != nil {
		t.Error(err)
	}
	if err := client.DeleteSatellite(t.Context(), created.ID); !coder.IsNotFound(err) {
		t.Errorf("deleted twice: %v", err)
	}
	if left := d.Satellites(); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestSatellitesOfOldPrimary(t *testing.T) {
	d := start(t, codertest.Options{Version: "1.20.4"})
	_, err := d.client(t).Satellites(t.Context())
	if !coder.IsNotFound(err) || !strings.Contains(err.Error(), "v1.21 or later") {
		t.Errorf("%v", err)
	}
}

// A satellite answers for its own key and forwards the request for the version to the primary.
func TestThroughSatellite(t *testing.T) {
	d := start(t, codertest.Options{Version: "v1.21.7"})
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
		PrimaryURL: d.URL(), AccessURL: "https://satellite.example.com", PrivateKey: key, RootCAs: pool(t, d.CA()),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(satellite.Close)
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("satellite.example.com")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(satellite)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	client := open(t, coder.Config{
		URL: "https://satellite.example.com", ConnectTo: server.Listener.Addr().String(), CAFile: write(t, "ca.pem", string(authority.PEM())), Attempts: 1,
	})
	if key, err := client.ServedKey(t.Context()); err != nil || key.Fingerprint != satellite.Fingerprint() {
		t.Errorf("the key of a deployment that is a satellite: %+v, %v", key, err)
	}
	if key, err := d.client(t).ServedKey(t.Context()); err != nil || key != (coder.SatelliteKey{}) {
		t.Errorf("the key of a primary: %+v, %v", key, err)
	}
	served, err := client.SatelliteKey(t.Context())
	want := coder.SatelliteKey{Key: satellite.PublicKey(), Fingerprint: satellite.Fingerprint()}
	if diff := cmp.Diff(want, served); err != nil || diff != "" {
		t.Errorf("key: %v (-want +got):\n%s", err, diff)
	}
	if _, err := client.Version(t.Context()); err == nil {
		t.Error("an unregistered satellite passes requests on")
	}
	if _, err := d.client(t).CreateSatellite(t.Context(), "sydney", served.Key); err != nil {
		t.Fatal(err)
	}
	version, err := client.Version(t.Context())
	if err != nil || version.String() != "1.21.7" {
		t.Errorf("version %s, %v", version, err)
	}
}

func TestUsers(t *testing.T) {
	d := start(t, codertest.Options{})
	client := d.client(t)
	me, err := client.Me(t.Context())
	want := coder.User{ID: d.manager.ID, Email: "manager@example.com", Username: "manager", Roles: []string{"site-manager"}}
	if diff := cmp.Diff(want, me); err != nil || diff != "" {
		t.Errorf("me: %v (-want +got):\n%s", err, diff)
	}
	users, err := client.Users(t.Context())
	if diff := cmp.Diff([]coder.User{want}, users); err != nil || diff != "" {
		t.Errorf("users: %v (-want +got):\n%s", err, diff)
	}
}

func TestCanManage(t *testing.T) {
	for role, want := range map[string]bool{"site-admin": true, "site-manager": true, "site-auditor": false, "site-member": false, "": false} {
		if got := (coder.User{Roles: []string{"site-member", role}}).CanManage(); got != want {
			t.Errorf("%q: %v", role, got)
		}
	}
}

func TestWorkspaces(t *testing.T) {
	d := start(t, codertest.Options{})
	client := d.client(t)
	other := d.AddUser("member@example.com", codertest.RoleMember)
	theirs := d.AddWorkspace(codertest.Workspace{Name: "theirs", UserID: other.ID, ResourcePoolID: d.provider.ID})
	for _, test := range []struct {
		name  string
		users []string
		want  []string
	}{
		{"all", nil, []string{d.workspace.ID, theirs.ID}},
		{"of one user", []string{other.ID}, []string{theirs.ID}},
		{"of two", []string{other.ID, d.manager.ID}, []string{d.workspace.ID, theirs.ID}},
	} {
		got, err := client.Workspaces(t.Context(), test.users...)
		var ids []string
		for _, w := range got {
			ids = append(ids, w.ID)
		}
		if diff := cmp.Diff(test.want, ids); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, err, diff)
		}
	}
	one, err := client.Workspace(t.Context(), theirs.ID)
	if err != nil || one.Name != "theirs" || one.UserID != other.ID || one.LatestStat.ContainerStatus != coder.ContainerOff || one.LastBuiltAt.IsZero() {
		t.Errorf("%+v, %v", one, err)
	}
	if _, err := client.Workspace(t.Context(), "no such"); !coder.IsNotFound(err) {
		t.Errorf("an unknown ID: %v", err)
	}
}

// An empty ID must not turn into a request for another resource.
func TestLostID(t *testing.T) {
	d := start(t, codertest.Options{})
	client := d.client(t)
	for _, id := range []string{"", ".", ".."} {
		for _, c := range calls(id, id) {
			if !strings.Contains(c.path, "/"+id+"/") && !strings.HasSuffix(c.path, "/"+id) {
				continue
			}
			if _, err := c.do(t.Context(), client); err == nil || !strings.Contains(err.Error(), "not an ID") {
				t.Errorf("%s(%q): %v", c.name, id, err)
			}
		}
		if _, err := client.WatchBuild(t.Context(), id); err == nil {
			t.Errorf("WatchBuild(%q) succeeds", id)
		}
	}
	if sent := d.Requests(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// An ID with a slash stays one path segment.
func TestEscapedID(t *testing.T) {
	d := start(t, codertest.Options{})
	if err := d.client(t).DeleteSatellite(t.Context(), "../resource-pools"); !coder.IsNotFound(err) {
		t.Errorf("%v", err)
	}
	if d.Count("DELETE", "/api/private/resource-pools") != 0 {
		t.Error("the ID left its place")
	}
}
