package codertest_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// client is a WebRTC client of an agent, independent of the plugin's. It connects directly, on
// loopback, and speaks the agent's protocol in JSON.
type client struct {
	peer  *webrtc.PeerConnection
	ended chan struct{} // closed when the agent closes the stream
	said  chan map[string]any
}

// negotiate offers a connection, with further fields in the first message. open creates its
// channels.
func negotiate(t *testing.T, stream io.ReadWriteCloser, more map[string]any, open func(*webrtc.PeerConnection)) *client {
	t.Helper()
	var settings webrtc.SettingEngine
	settings.DetachDataChannels()
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	peer, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = peer.GracefulClose() })
	open(peer)
	offer, err := peer.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(peer)
	if err := peer.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered // so that the offer contains all candidates
	first := map[string]any{"offer": peer.LocalDescription(), "servers": []any{}}
	for name, value := range more {
		first[name] = value
	}
	if err := json.NewEncoder(stream).Encode(first); err != nil {
		t.Fatal(err)
	}
	c := &client{peer: peer, ended: make(chan struct{}), said: make(chan map[string]any, 100)}
	go func() {
		defer close(c.ended)
		for decoder := json.NewDecoder(stream); ; {
			var message map[string]any
			if decoder.Decode(&message) != nil {
				return
			}
			c.said <- message
		}
	}()
	return c
}

// connect processes the agent's answer and candidates until the agent closes the stream.
func (c *client) connect(t *testing.T) {
	t.Helper()
	var candidates []webrtc.ICECandidateInit
	answered := false
	limit := time.NewTimer(15 * time.Second)
	defer limit.Stop()
	for {
		select {
		case message := <-c.said:
			if text, ok := message["candidate"].(string); ok {
				candidates = append(candidates, webrtc.ICECandidateInit{Candidate: text})
			}
			if answer, ok := message["answer"].(map[string]any); ok {
				sdp, _ := answer["sdp"].(string)
				if answer["type"] != "answer" {
					t.Errorf("the answer has the type %v", answer["type"])
				}
				if err := c.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: sdp}); err != nil {
					t.Fatal(err)
				}
				answered = true
			}
			if message["error"] != nil {
				t.Fatalf("the agent refuses: %v", message["error"])
			}
			if answered {
				for _, candidate := range candidates {
					if err := c.peer.AddICECandidate(candidate); err != nil {
						t.Error(err)
					}
				}
				candidates = nil
			}
		case <-c.ended:
			return
		case <-limit.C:
			t.Fatal("the agent did not close the stream: the peers did not connect")
		}
	}
}

// channel requests a data channel for the protocol, and delivers it once it is open.
func channel(t *testing.T, peer *webrtc.PeerConnection, protocol string) <-chan datachannel.ReadWriteCloser {
	t.Helper()
	opened := make(chan datachannel.ReadWriteCloser, 1)
	made, err := peer.CreateDataChannel(protocol, &webrtc.DataChannelInit{Protocol: &protocol})
	if err != nil {
		t.Fatal(err)
	}
	made.OnOpen(func() {
		if raw, err := made.Detach(); err == nil {
			opened <- raw
		}
	})
	return opened
}

// agentStream connects a workspace's owner to its agent.
func agentStream(t *testing.T) io.ReadWriteCloser {
	t.Helper()
	d := start(t, codertest.Options{Agents: true, Version: "1.22.3"}) // a version where Networking v2 is always on
	owner := d.AddUser("owner@example.com")
	workspace := d.AddWorkspace(codertest.Workspace{Name: "w", UserID: owner.ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}})
	eventually(t, "the agent", func() bool { return d.AgentConnected(workspace.ID) })
	stream, status := dialStream(t, d, "/api/private/envagent/"+workspace.ID+"/connect?session_token="+d.Token(owner.ID), nil)
	if stream == nil {
		t.Fatalf("the owner is refused: %d", status)
	}
	return stream
}

// TestAgentChannels: a ping is answered, a client can dial what the policy allows, and a failed
// dial is reported.
func TestAgentChannels(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, "hello")
			_ = connection.Close()
		}
	}()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	var control, open, refused, forbidden <-chan datachannel.ReadWriteCloser
	policy := []any{
		map[string]any{"network": "tcp", "address": "localhost", "port": port},
		map[string]any{"network": "tcp", "address": "127.0.0.1", "port": closed.Addr().(*net.TCPAddr).Port},
	}
	stream := agentStream(t)
	if _, err := io.WriteString(stream, `{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host"}`); err != nil { // may overtake the offer
		t.Fatal(err)
	}
	c := negotiate(t, stream, map[string]any{"ports": policy}, func(peer *webrtc.PeerConnection) {
		control = channel(t, peer, "control")
		open = channel(t, peer, "tcp:"+listener.Addr().String())
		refused = channel(t, peer, "tcp:"+closed.Addr().String())
		forbidden = channel(t, peer, "tcp:127.0.0.1:22")
	})
	c.connect(t)
	receive := func(from <-chan datachannel.ReadWriteCloser) datachannel.ReadWriteCloser {
		t.Helper()
		select {
		case raw := <-from:
			return raw
		case <-time.After(10 * time.Second):
			t.Fatal("a data channel did not open")
			return nil
		}
	}
	buffer := make([]byte, 1024)
	read := func(raw io.Reader) string {
		t.Helper()
		n, err := raw.Read(buffer)
		if err != nil {
			t.Errorf("read: %v", err)
		}
		return string(buffer[:n])
	}
	ping := receive(control)
	if _, err := ping.Write([]byte{7}); err != nil {
		t.Fatal(err)
	}
	if got := read(ping); got != "\x07" {
		t.Errorf("a ping came back as %q", got)
	}
	reached := receive(open)
	if got := read(reached); got != `{"Code":"","Err":"","Net":"","Op":""}` {
		t.Errorf("dialled: %s", got)
	}
	if got := read(reached); got != "hello" {
		t.Errorf("the dialled server sent %q", got)
	}
	for name, test := range map[string]struct {
		raw        io.Reader
		code, want string
	}{"refused": {receive(refused), "dial_error", "connection refused"}, "forbidden": {receive(forbidden), "bad_address_error", "not among the allowed"}} {
		var told struct{ Code, Err, Net, Op string }
		if err := json.Unmarshal([]byte(read(test.raw)), &told); err != nil || told.Code != test.code || !strings.Contains(told.Err, test.want) {
			t.Errorf("%s: %+v, %v; want %q", name, told, err, test.want)
		}
	}
}

// TestAgentRefuses: an agent says what is wrong with a client's first message.
func TestAgentRefuses(t *testing.T) {
	for name, test := range map[string]struct{ first, want string }{
		"no offer":         {`{"servers":[]}`, "must hold an offer"},
		"null servers":     {`{"offer":{"type":"offer","sdp":"v=0"},"servers":null}`, "must not be null"},
		"no servers":       {`{"offer":{"type":"offer","sdp":"v=0"}}`, "must not be null"},
		"an odd offer":     {`{"offer":{"type":"offer","sdp":"hello"},"servers":[]}`, "the offer is invalid"},
		"an odd server":    {`{"offer":{"type":"offer","sdp":"v=0"},"servers":[{"urls":["ftp:x"]}]}`, "cannot connect with these ICE servers"},
		"candidates first": {`{"candidate":"x"}{"candidate":"y"}{"servers":[]}`, "must hold an offer"},
	} {
		t.Run(name, func(t *testing.T) {
			stream := agentStream(t)
			if _, err := io.WriteString(stream, test.first); err != nil {
				t.Fatal(err)
			}
			var told struct{ Error string }
			if err := json.NewDecoder(stream).Decode(&told); err != nil || !strings.Contains(told.Error, test.want) {
				t.Errorf("%q, %v; want %q", told.Error, err, test.want)
			}
		})
	}
}
