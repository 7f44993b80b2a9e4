package codertest_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// TestCLIAndPlugin: of two workspaces that wait for a rebuild, Coder's client rebuilds one and
// the plugin the other. Both are always in the same state, and both programs get the same result
// when they ping them.
func TestCLIAndPlugin(t *testing.T) {
	d := start(t, codertest.Options{Agents: true, Version: "1.21.0", BuildTime: 40 * time.Millisecond})
	owner, provider := d.users[codertest.RoleManager], d.AddProvider(codertest.Provider{Name: "sydney"})
	byCLI, byPlugin := "", ""
	for name, id := range map[string]*string{"cli": &byCLI, "plugin": &byPlugin} {
		*id = d.AddWorkspace(codertest.Workspace{
			Name: name, UserID: owner.ID, ResourcePoolID: provider.ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
		}).ID
	}
	switched := time.Now()
	d.manager(t, http.MethodPatch, pools+"/"+provider.ID, map[string]bool{"enable_net_v2": true}, 204)
	authority := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, d.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	client, err := coder.New(coder.Config{URL: d.URL(), Token: coder.Token(d.tokens[codertest.RoleManager]), CAFile: authority})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)

	rebuild := map[string]func(string){
		"cli": func(id string) {
			null := `{"image_id":null,"image_tag":null,"cpu_cores":null,"memory_gb":null,"disk_gb":null,"gpus":null,"template_id":null}`
			d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+id, null, 204)
			next(t, watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], id))
		},
		"plugin": func(id string) {
			if err := client.Rebuild(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		},
	}
	ping := map[string]func(string) bool{
		"cli": func(id string) bool { return d.cliPings(t, id) },
		"plugin": func(id string) bool {
			connection, err := wsnet.Dial(t.Context(), wsnet.Endpoint{
				Signal: func(ctx context.Context) (net.Conn, error) { return client.DialAgent(ctx, id) }, TURN: client.DialTURN, AccessURL: client.URL(),
			})
			if err != nil {
				return false
			}
			defer func() { _ = connection.Close() }()
			_, err = connection.Ping(t.Context())
			return err == nil
		},
	}
	for _, want := range []struct {
		state v1alpha1.WorkspaceState
		pings bool
	}{{v1alpha1.WorkspaceWaiting, false}, {v1alpha1.WorkspaceAdopted, true}} {
		for who, id := range map[string]string{"cli": byCLI, "plugin": byPlugin} {
			if want.pings {
				rebuild[who](id)
				eventually(t, "the build and its agent", func() bool {
					w, err := client.Workspace(t.Context(), id)
					return err == nil && workspaces.Built(w) && d.AgentConnected(id)
				})
			}
			w, err := client.Workspace(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			seen := decode[cliWorkspace](t, d.manager(t, http.MethodGet, "/api/v0/workspaces/"+id, nil, 200))
			if got := workspaces.StateOf(w, switched); got != want.state || seen.LatestStat.ContainerStatus != "ON" || seen.LastBuiltAt.After(switched) != want.pings {
				t.Errorf("the one of the %s is %s, and Coder's client sees %+v; want %s", who, got, seen, want.state)
			}
			for by, pings := range ping {
				if got := pings(id); got != want.pings {
					t.Errorf("the one of the %s is %s: it answers the pings of the %s: %t", who, want.state, by, got)
				}
			}
		}
	}
}

// cliPings does the same as `workspaces ping`: it requests the ICE servers, offers a connection
// with a reliable channel for pings, and sends one.
func (d *deployment) cliPings(t *testing.T, workspaceID string) bool {
	d.manager(t, http.MethodGet, "/api/private/webrtc/ice", nil, 200)
	stream, status := dialStream(t, d, "/api/private/envagent/"+workspaceID+"/connect?session_token="+d.tokens[codertest.RoleManager], nil)
	if stream == nil {
		t.Logf("the broker says %d", status)
		return false
	}
	var control <-chan datachannel.ReadWriteCloser
	c := negotiate(t, stream, nil, func(peer *webrtc.PeerConnection) { control = channel(t, peer, "control") })
	c.connect(t)
	select {
	case raw := <-control:
		_, err := raw.Write([]byte{7})
		buffer := make([]byte, 1024)
		if err == nil {
			_, err = raw.Read(buffer)
		}
		return err == nil && buffer[0] == 7
	case <-time.After(10 * time.Second):
		return false
	}
}
