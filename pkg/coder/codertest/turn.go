package codertest

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
	"github.com/pion/logging"
	"github.com/pion/turn/v5"
)

// turnServer relays on loopback for clients that come through WebSockets. It starts with its first client.
type turnServer struct {
	network  *Network
	mu       sync.Mutex
	server   *turn.Server
	listener *handover
	closed   bool
	// allocations are how many relays clients have requested.
	allocations atomic.Int64
}

// turnRealm is the realm of all TURN servers (chosen).
const turnRealm = "coder"

// serve speaks TURN inside a WebSocket until either side, or stop, ends it. The client is already authenticated.
func (t *turnServer) serve(w http.ResponseWriter, r *http.Request, stop <-chan struct{}) {
	connection, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	defer func() { _ = connection.CloseNow() }()
	listener, err := t.start()
	if err != nil {
		_ = connection.Close(websocket.StatusInternalError, "no TURN server")
		return
	}
	// the request's context ends when the handler does, not before: the connection is hijacked
	client := &handedOver{Conn: websocket.NetConn(r.Context(), connection, websocket.MessageBinary), done: make(chan struct{})}
	select {
	case listener.connections <- client:
	case <-listener.closed:
		return
	case <-stop:
		return
	}
	select {
	case <-client.done:
	case <-stop:
	}
}

// start starts the server, unless it runs.
func (t *turnServer) start() (*handover, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, net.ErrClosed
	}
	if t.server != nil {
		return t.listener, nil
	}
	listener := &handover{connections: make(chan net.Conn), closed: make(chan struct{})}
	server, err := turn.NewServer(turn.ServerConfig{
		Realm: turnRealm,
		AuthHandler: func(client *turn.RequestAttributes) (string, []byte, bool) {
			return client.Username, turn.GenerateAuthKey(client.Username, client.Realm, magicUser), client.Username == magicUser
		},
		ListenerConfigs: []turn.ListenerConfig{{
			Listener:              listener,
			RelayAddressGenerator: t.network.relays(&turn.RelayAddressGeneratorStatic{RelayAddress: net.IPv4(127, 0, 0, 1), Address: "127.0.0.1"}),
		}},
		EventHandler: turn.EventHandler{
			OnAllocationCreated: func(_, _ net.Addr, _, _, _ string, _ net.Addr, _ int) { t.allocations.Add(1) },
		},
		LoggerFactory: quietLogs(),
	})
	if err != nil {
		return nil, err
	}
	t.server, t.listener = server, listener
	return listener, nil
}

// close ends the server and the connections of its clients.
func (t *turnServer) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.server != nil && !t.closed {
		_ = t.server.Close()
	}
	t.closed = true
}

// handover is a net.Listener whose connections are handed to it.
type handover struct {
	connections chan net.Conn
	closed      chan struct{}
	once        sync.Once
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case connection := <-h.connections:
		return connection, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 3478} }

// handedOver is a connection that reports when its new owner closes it.
type handedOver struct {
	net.Conn
	done chan struct{}
	once sync.Once
}

func (h *handedOver) Close() error {
	err := h.Conn.Close()
	h.once.Do(func() { close(h.done) })
	return err
}

// turnEndpoint is the primary's own TURN server.
func turnEndpoint(id, rest string) methods {
	if id != "" || rest != "" {
		return nil
	}
	return methods{http.MethodGet: {open: true, serve: (*call).serveTURN}}
}

// serveTURN serves users and agents, each with their own token.
func (c *call) serveTURN() error {
	p := c.primary
	p.mu.Lock()
	user, agent := p.authenticate(c.r), p.agentOf(c.r.Header.Get("Session-Token"))
	p.mu.Unlock()
	if user == nil && agent == nil {
		return refuse(http.StatusUnauthorized, "unauthenticated", "the session token is missing, unknown or expired")
	}
	if err := checkUpgrade(c.r); err != nil {
		return err
	}
	p.turn.serve(c.w, c.r, p.closing)
	return nil
}

// serveTURN serves clients of the satellite, whose tokens the primary checks. A request with a valid token but without
// an upgrade gets 426 Upgrade Required (chosen).
func (s *Satellite) serveTURN(w http.ResponseWriter, r *http.Request) {
	status, err := s.askTURN(r.Context(), r.Header.Get("Session-Token"))
	switch {
	case err != nil:
		s.unreachable(w, r, err)
	case status != http.StatusUpgradeRequired:
		// The primary says why not. It must not speak TURN itself, although the satellite may have been registered
		// meanwhile.
		r.Header.Del("Upgrade")
		r.Header.Del("Connection")
		s.pass(w, r)
	case checkUpgrade(r) != nil:
		s.pass(w, r) // the primary's answer says why
	default:
		s.turn.serve(w, r, s.closing)
	}
}

func (s *Satellite) askTURN(ctx context.Context, token string) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.primary.JoinPath(turnPath).String(), http.NoBody)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Session-Token", token)
	if err := sign(request, s.key, s.fingerprint, s.options.Now()); err != nil {
		return 0, err
	}
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// turnPath is the endpoint for TURN.
const turnPath = "/api/private/turn"

// Relays returns how many relays the primary's own TURN server has given out.
func (p *Primary) Relays() int { return int(p.turn.allocations.Load()) }

// Relays returns how many relays the satellite's TURN server has given out.
func (s *Satellite) Relays() int { return int(s.turn.allocations.Load()) }

// quietLogs drops pion's log: tests end connections on purpose.
func quietLogs() logging.LoggerFactory {
	return &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
}
