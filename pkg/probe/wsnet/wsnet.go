// Package wsnet connects to workspaces as Coder's clients do under Networking v2: WebRTC, negotiated through the
// deployment's broker, and relayed by the TURN server behind an access URL (coder-cli v1.21 to v1.44, wsnet). Unless
// direct connections are wanted, it always relays, even if the peers could reach each other: it probes the access URL.
package wsnet

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/pion/webrtc/v4"
)

// ICE settings of the CLI (coder-cli, wsnet).
const (
	iceDisconnected = 5 * time.Second
	iceFailed       = 25 * time.Second
	iceKeepAlive    = 2 * time.Second
	connectTimeout  = 15 * time.Second
)

// The TURN server behind a WebSocket: whoever finds it in the list of ICE servers replaces its dialer (coder-cli, wsnet).
const (
	turnServer = "turn:127.0.0.1:3478?transport=tcp"
	turnUser   = "~magicalusername~"
)

// Endpoint says how to reach an agent through one access URL.
type Endpoint struct {
	// Signal opens the byte stream to the agent, by the broker, and TURN that to the TURN server. Dial closes both.
	Signal, TURN func(context.Context) (net.Conn, error)
	// AccessURL is where the agent speaks TURN: the same deployment.
	AccessURL string
	// STUN are the URLs of STUN servers. With any, the peers connect directly if they can, and use the relay otherwise;
	// without, everything is relayed.
	STUN []string
}

func (e Endpoint) direct() bool { return len(e.STUN) > 0 }

// Stage is where a connection failed.
type Stage string

// Stages, in order.
const (
	StageBroker Stage = "broker" // the deployment does not connect us to the agent
	StageRelay  Stage = "relay"  // the TURN server gives no relay
	StageAgent  Stage = "agent"  // the agent does not answer, or refuses
	StagePeer   Stage = "peer"   // all agreed, but nothing comes through
)

// Error says at which stage a connection failed, and why.
type Error struct {
	Stage   Stage
	Message string

	cause error
}

func (e *Error) Error() string { return e.Message }
func (e *Error) Unwrap() error { return e.cause }

// StageOf returns the stage at which Dial failed; empty for other errors.
func StageOf(err error) Stage {
	if failed, is := errors.AsType[*Error](err); is {
		return failed.Stage
	}
	return ""
}

// Dial connects to the agent, within 15 seconds or what the context leaves of them. The caller must close the connection.
// Errors are of type *Error, except the context's own.
func Dial(ctx context.Context, endpoint Endpoint) (*Conn, error) {
	dialCtx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	stream, err := endpoint.Signal(dialCtx)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case err != nil:
		return nil, &Error{Stage: StageBroker, Message: "the broker does not lead to the workspace's agent: " + err.Error(), cause: err}
	}
	defer func() { _ = stream.Close() }()
	n, err := negotiate(dialCtx, endpoint, stream)
	if err != nil {
		return nil, err
	}
	select {
	case <-n.open:
		var connection *Conn
		if connection, err = n.take(); err == nil {
			n.finish(stream)
			return connection, nil
		}
		err = &Error{Stage: StagePeer, Message: "the connection was cut off: " + err.Error(), cause: err}
	case <-n.failed.Done():
		err = context.Cause(n.failed)
	case <-dialCtx.Done():
		err = n.late()
	}
	cancel() // stop waiting for a TURN server that does not answer
	n.finish(stream)
	_ = n.peer.GracefulClose()
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, ctx.Err()
	}
	return nil, err
}

// configuration requests a relay by the deployment's TURN server and, if direct, every other path.
func configuration(servers []server, direct bool) webrtc.Configuration {
	c := webrtc.Configuration{ICETransportPolicy: webrtc.ICETransportPolicyRelay}
	if direct {
		c.ICETransportPolicy = webrtc.ICETransportPolicyAll
	}
	for _, s := range servers {
		c.ICEServers = append(c.ICEServers, webrtc.ICEServer{URLs: s.URLs, Username: s.Username, Credential: s.Credential})
	}
	return c
}

// turnDialer connects to the TURN server, whatever its address.
type turnDialer struct {
	ctx  context.Context //nolint:containedctx // proxy.Dialer's method takes none
	open func(context.Context) (net.Conn, error)
	fail func(error)
}

// Dial implements proxy.Dialer. The WebRTC library only logs its errors, and wants a connection for each family of
// addresses: one is enough.
func (d *turnDialer) Dial(network, _ string) (net.Conn, error) {
	if network != webrtc.NetworkTypeTCP4.String() {
		return nil, errors.New("the access URL has its own address, of any family")
	}
	connection, err := d.open(d.ctx)
	if err != nil {
		d.fail(&Error{Stage: StageRelay, Message: "the TURN server cannot be reached: " + err.Error(), cause: err})
		return nil, err
	}
	return &turnConn{connection}, nil
}

// turnConn has an address of the type that the WebRTC library expects.
type turnConn struct{ net.Conn }

func (*turnConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
