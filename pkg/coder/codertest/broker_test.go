package codertest_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

const (
	listenPath = "/api/private/envagent/listen"
	turnPath   = "/api/private/turn"
)

// streaming returns the deployment's client without its time limit, which would also end a
// stream.
func streaming(d *deployment) *http.Client { return &http.Client{Transport: d.client.Transport} }

// dialStream opens a WebSocket of the primary as a byte stream. If the primary refuses, it
// returns the status.
func dialStream(t *testing.T, d *deployment, path string, header http.Header) (io.ReadWriteCloser, int) {
	t.Helper()
	//nolint:bodyclose // the library closes it ("You never need to close resp.Body yourself")
	connection, response, err := websocket.Dial(t.Context(), d.URL()+path, &websocket.DialOptions{HTTPClient: streaming(d), HTTPHeader: header})
	if err != nil {
		if response == nil {
			t.Fatalf("%s: %v", path, err)
		}
		return nil, response.StatusCode
	}
	stream := websocket.NetConn(context.WithoutCancel(t.Context()), connection, websocket.MessageBinary)
	t.Cleanup(func() { _ = stream.Close() })
	return stream, http.StatusSwitchingProtocols
}

// accept connects an agent and returns the streams of its clients.
func accept(t *testing.T, d *deployment, token string) <-chan net.Conn {
	t.Helper()
	stream, status := dialStream(t, d, listenPath+"?service_token="+token, nil)
	if stream == nil {
		t.Fatalf("the agent is refused: %d", status)
	}
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	session, err := yamux.Server(stream, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	streams := make(chan net.Conn, 1)
	go func() {
		for {
			client, err := session.Accept()
			if err != nil {
				return
			}
			streams <- client
		}
	}()
	return streams
}

// echo connects an agent that sends its name, and then what it reads.
func echo(t *testing.T, d *deployment, token, name string) (gone <-chan struct{}) {
	t.Helper()
	stream, status := dialStream(t, d, listenPath+"?service_token="+token, nil)
	if stream == nil {
		t.Fatalf("the agent is refused: %d", status)
	}
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	session, err := yamux.Server(stream, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	go func() {
		for {
			client, err := session.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(client, name)
			go func() {
				_, _ = io.Copy(client, client)
				_ = client.Close()
			}()
		}
	}()
	return session.CloseChan()
}

// TestBroker connects clients to an agent, and checks who is refused.
func TestBroker(t *testing.T) {
	d := start(t, codertest.Options{})
	owner, other := d.AddUser("owner@example.com"), d.AddUser("other@example.com", codertest.RoleAdmin)
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID})
	connect := "/api/private/envagent/" + workspace.ID + "/connect?session_token="
	refused := func(what, path string, want int) {
		t.Helper()
		if stream, status := dialStream(t, d, path, nil); stream != nil || status != want {
			t.Errorf("%s: %d, want %d", what, status, want)
		}
	}
	refused("an agent without a token", listenPath, http.StatusUnauthorized)
	refused("an agent with a user's token", listenPath+"?service_token="+d.Token(owner.ID), http.StatusUnauthorized)
	refused("a client without a token", connect, http.StatusUnauthorized)
	refused("a client of no workspace", "/api/private/envagent/none/connect?session_token="+d.Token(owner.ID), http.StatusNotFound)
	refused("a client of another's workspace", connect+d.Token(other.ID), http.StatusForbidden)
	refused("a client before there is an agent", connect+d.Token(owner.ID), http.StatusServiceUnavailable)

	talk := func(want string) {
		t.Helper()
		stream, status := dialStream(t, d, connect+d.Token(owner.ID), nil)
		if stream == nil {
			t.Fatalf("the owner is refused: %d", status)
		}
		if _, err := io.WriteString(stream, "ping"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want)+4)
		if _, err := io.ReadFull(stream, got); err != nil || string(got) != want+"ping" {
			t.Errorf("%q, %v; want %q", got, err, want+"ping")
		}
		_ = stream.Close()
	}
	gone := echo(t, d, d.AgentToken(workspace.ID), "first")
	eventually(t, "the agent", func() bool { return d.AgentConnected(workspace.ID) })
	talk("first")
	talk("first")

	// a second agent replaces the first
	echo(t, d, d.AgentToken(workspace.ID), "second")
	select {
	case <-gone:
	case <-time.After(10 * time.Second):
		t.Fatal("the first agent is still connected")
	}
	talk("second")
}

// TestAgentLingers: an agent's stream stays open for a while after its client has closed, since
// the agent may still be making the connection that they agreed on. It ends when the agent closes
// it.
func TestAgentLingers(t *testing.T) {
	const linger = 300 * time.Millisecond
	for name, test := range map[string]struct {
		linger    time.Duration
		agentEnds bool
	}{
		"the agent goes on":    {linger, false},
		"the agent is content": {time.Hour, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := start(t, codertest.Options{AgentLinger: test.linger})
			owner := d.AddUser("owner@example.com")
			workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID})
			streams := accept(t, d, d.AgentToken(workspace.ID))
			eventually(t, "the agent", func() bool { return d.AgentConnected(workspace.ID) })
			connect := "/api/private/envagent/" + workspace.ID + "/connect"
			client, _ := dialStream(t, d, connect+"?session_token="+d.Token(owner.ID), nil)
			if client == nil {
				t.Fatal("the owner is refused")
			}
			stream := <-streams
			ended := time.Now()
			_ = client.Close()
			if _, err := io.WriteString(stream, "a late candidate"); err != nil {
				t.Errorf("the agent cannot write: %v", err)
			}
			if test.agentEnds {
				_ = stream.Close()
			}
			if _, err := io.Copy(io.Discard, stream); err != nil {
				t.Fatal(err)
			}
			if lasted := time.Since(ended); !test.agentEnds && lasted < linger {
				t.Errorf("the stream ended %s after its client, sooner than after %s", lasted, linger)
			}
			_ = stream.Close()
			eventually(t, "the broker's end", func() bool {
				for _, request := range d.Requests() {
					if request.Path == connect && request.Pending {
						return false
					}
				}
				return true
			})
		})
	}
}

// TestAgentOfOnesOwn: an external agent replaces the emulator's own, which does not come back.
func TestAgentOfOnesOwn(t *testing.T) {
	d := start(t, codertest.Options{Agents: true, Version: "1.22.3"})
	owner := d.AddUser("owner@example.com")
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}})
	eventually(t, "the emulator's agent", func() bool { return d.AgentConnected(workspace.ID) })
	select {
	case <-echo(t, d, d.AgentToken(workspace.ID), "mine"):
		t.Error("the agent was disconnected")
	case <-time.After(time.Second): // the emulator's own agent would have come back five times
	}
	if !d.AgentConnected(workspace.ID) {
		t.Error("no agent is connected")
	}
}

// TestNoUpgrade: a plain request to a WebSocket endpoint gets an error in the API's own form.
func TestNoUpgrade(t *testing.T) {
	d := start(t, codertest.Options{})
	owner := d.users[codertest.RoleManager]
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID})
	echo(t, d, d.AgentToken(workspace.ID), "agent")
	eventually(t, "the agent", func() bool { return d.AgentConnected(workspace.ID) })
	type told struct {
		Error struct{ Msg, Code string }
	}
	for _, path := range []string{
		turnPath, listenPath + "?service_token=" + d.AgentToken(workspace.ID),
		"/api/private/envagent/" + workspace.ID + "/connect", "/api/private/workspaces/" + workspace.ID + "/watch-update",
	} {
		var plain told
		answer := d.manager(t, http.MethodGet, path, nil, http.StatusUpgradeRequired)
		if err := json.Unmarshal([]byte(answer.body), &plain); err != nil || plain.Error.Code != "upgrade_required" || plain.Error.Msg == "" {
			t.Errorf("%s: %s, %v", path, answer.body, err)
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = http.Header{
			"Session-Token": {d.tokens[codertest.RoleManager]}, "Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"8"},
		}
		response, err := d.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		var got told
		if err := json.NewDecoder(response.Body).Decode(&got); err != nil || response.StatusCode != http.StatusBadRequest || got.Error.Msg == "" {
			t.Errorf("%s, version 8: %s, %+v, %v", path, response.Status, got, err)
		}
		_ = response.Body.Close()
	}
}

// TestTURNTokens: TURN requires the token of a user or an agent, and an upgrade.
func TestTURNTokens(t *testing.T) {
	d := start(t, codertest.Options{})
	owner := d.AddUser("owner@example.com")
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID})
	for name, test := range map[string]struct {
		token string
		want  int
	}{
		"user":    {d.Token(owner.ID), http.StatusSwitchingProtocols},
		"agent":   {d.AgentToken(workspace.ID), http.StatusSwitchingProtocols},
		"nobody":  {"", http.StatusUnauthorized},
		"unknown": {"guessed", http.StatusUnauthorized},
	} {
		if _, status := dialStream(t, d, turnPath, http.Header{"Session-Token": {test.token}}); status != test.want {
			t.Errorf("%s: %d, want %d", name, status, test.want)
		}
	}
	if d.AgentToken("none") != "" || d.AgentConnected("none") {
		t.Error("a workspace that does not exist has an agent")
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.URL()+turnPath, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Session-Token", d.Token(owner.ID))
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("without an upgrade: %d", response.StatusCode)
	}
}

// TestTURNOfSatelliteRegisteredMeanwhile: if a satellite is registered while its own request is
// being refused, the primary must not relay in its place.
func TestTURNOfSatelliteRegisteredMeanwhile(t *testing.T) {
	d := start(t, codertest.Options{})
	satellite, url, client := d.satellite(t, nil)
	d.AddFault(codertest.Fault{Path: turnPath, After: 1, Times: 1, Delay: 300 * time.Millisecond})
	dial := func() int {
		//nolint:bodyclose // the library closes it ("You never need to close resp.Body yourself")
		connection, response, err := websocket.Dial(t.Context(), url+turnPath, &websocket.DialOptions{
			HTTPClient: client, HTTPHeader: http.Header{"Session-Token": {d.tokens[codertest.RoleManager]}},
		})
		if err == nil {
			_ = connection.CloseNow()
		}
		if response == nil {
			return 0
		}
		return response.StatusCode
	}
	done := make(chan int, 1)
	go func() { done <- dial() }()
	eventually(t, "the second question", func() bool { return d.Count(http.MethodGet, turnPath) == 2 })
	d.register(t, "sydney", satellite)
	if status := <-done; status != http.StatusUpgradeRequired {
		t.Errorf("the primary answers with %d", status)
	}
	if status := dial(); status != http.StatusSwitchingProtocols {
		t.Errorf("the registered satellite answers with %d", status)
	}
}
