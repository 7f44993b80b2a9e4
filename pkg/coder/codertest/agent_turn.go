package codertest

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
)

// turnDialer connects an agent to TURN servers through WebSockets at an access URL, whatever the address.
type turnDialer struct {
	ctx       context.Context //nolint:containedctx // proxy.Dialer's method takes none
	agent     *agent
	accessURL string
}

// Dial implements proxy.Dialer.
func (d *turnDialer) Dial(string, string) (net.Conn, error) {
	//nolint:bodyclose // the library closes it ("You never need to close resp.Body yourself")
	connection, _, err := websocket.Dial(d.ctx, d.accessURL+turnPath, &websocket.DialOptions{
		HTTPClient: d.agent.http, HTTPHeader: http.Header{"Session-Token": {d.agent.token}},
	})
	if err != nil {
		return nil, err
	}
	return &turnConn{websocket.NetConn(d.ctx, connection, websocket.MessageBinary)}, nil
}

// turnConn has an address of the type that pion expects.
type turnConn struct{ net.Conn }

// LocalAddr implements net.Conn.
func (*turnConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
