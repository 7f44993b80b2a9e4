package codertest

import (
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
)

// agentEndpoint is the broker between agents of workspaces and their clients.
func agentEndpoint(id, rest string) methods {
	switch {
	case id == "listen" && rest == "":
		return methods{http.MethodGet: {open: true, serve: (*call).listenAgent}}
	case rest == "update-last-connection-at":
		return methods{http.MethodPost: {serve: func(c *call) error { return c.touch(id) }}}
	case rest == "connect":
		return methods{http.MethodGet: {serve: func(c *call) error { return c.connectAgent(id) }}}
	default:
		return nil
	}
}

// agentOf returns the workspace whose agent has the token, or nil. The caller holds mu.
func (p *Primary) agentOf(token string) *workspace {
	for _, w := range p.workspaces {
		if token != "" && w.agentToken == token {
			return w
		}
	}
	return nil
}

// AgentToken returns the token of the workspace's agent; empty if there is no such workspace.
func (p *Primary) AgentToken(workspaceID string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w := p.workspace(workspaceID); w != nil {
		return w.agentToken
	}
	return ""
}

// AgentConnected reports whether an agent of the workspace listens.
func (p *Primary) AgentConnected(workspaceID string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.workspace(workspaceID)
	return w != nil && w.agent != nil
}

// listenAgent keeps the connection of an agent, on which streams to the agent are opened, until it ends. A second agent
// of a workspace replaces the first (chosen); the emulator's own agent does not return before the next build.
func (c *call) listenAgent() error {
	p := c.primary
	p.mu.Lock()
	w := p.agentOf(c.r.URL.Query().Get("service_token"))
	p.mu.Unlock()
	if w == nil {
		return refuse(http.StatusUnauthorized, "unauthenticated", "the service token is missing or unknown")
	}
	if err := checkUpgrade(c.r); err != nil {
		return err
	}
	connection, err := websocket.Accept(c.w, c.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	defer func() { _ = connection.CloseNow() }()
	session, err := yamux.Client(websocket.NetConn(c.r.Context(), connection, websocket.MessageBinary), muxConfig())
	if err != nil {
		return nil
	}
	p.mu.Lock()
	before := w.agent
	w.agent = session
	if c.r.Header.Get(headerOwnAgent) == "" {
		p.stopAgent(w)
	}
	p.mu.Unlock()
	if before != nil {
		_ = before.Close()
	}
	select {
	case <-session.CloseChan():
	case <-p.closing:
	}
	_ = session.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.agent == session {
		w.agent = nil
	}
	return nil
}

// connectAgent joins a client's byte stream to the agent's, for the workspace's owner alone (chosen).
func (c *call) connectAgent(id string) error {
	p := c.primary
	p.mu.Lock()
	w := p.workspace(id)
	seen := w != nil && c.maySeeWorkspace(w)
	var session *yamux.Session
	if seen {
		session = w.agent
	}
	p.mu.Unlock()
	switch {
	case !seen:
		return notFound("workspace", id)
	case w.UserID != c.user.ID:
		return refuse(http.StatusForbidden, "forbidden", "only its owner may connect to a workspace")
	case session == nil:
		return refuse(http.StatusServiceUnavailable, "agent_offline", "no agent of workspace %q is connected", w.Name)
	}
	if err := checkUpgrade(c.r); err != nil {
		return err
	}
	stream, err := session.Open()
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "agent_offline", "the agent of workspace %q does not answer: %v", w.Name, err)
	}
	defer func() { _ = stream.Close() }()
	connection, err := websocket.Accept(c.w, c.r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return nil // Accept has answered
	}
	p.join(stream, websocket.NetConn(c.r.Context(), connection, websocket.MessageBinary))
	_ = connection.CloseNow()
	return nil
}

// join copies bytes both ways until the agent ends, or some time after the client has ended: an agent takes the end of
// the stream for the end of the negotiation, and drops an unfinished connection, but a client ends it as soon as its
// own side is up.
func (p *Primary) join(stream, client net.Conn) {
	clientEnded, agentEnded := make(chan struct{}), make(chan struct{})
	p.running.Go(func() {
		defer close(clientEnded)
		_, _ = io.Copy(stream, client)
	})
	p.running.Go(func() {
		defer close(agentEnded)
		_, _ = io.Copy(client, stream)
		_, _ = io.Copy(io.Discard, stream) // discards the rest if the client is gone
	})
	select {
	case <-clientEnded:
		linger := time.NewTimer(p.options.AgentLinger)
		defer linger.Stop()
		select {
		case <-linger.C:
		case <-agentEnded:
		case <-p.closing:
		}
	case <-agentEnded:
	case <-p.closing:
	}
	_ = client.Close() // tells the client that the stream has ended
}

// muxConfig configures either end of an agent's connection: yamux's defaults, but silent.
func muxConfig() *yamux.Config {
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	return config
}
