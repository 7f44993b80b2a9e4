package wsnet

import (
	"context"
	"errors"
	"net"

	"github.com/pion/webrtc/v4"
)

// turnDialer opens the connection to the TURN server, whatever its address.
type turnDialer struct {
	ctx  context.Context //nolint:containedctx // proxy.Dialer's method takes none
	open func(context.Context) (net.Conn, error)
	fail func(error)
}

// Dial implements proxy.Dialer. The WebRTC library only logs its errors, and
// asks for a connection of each family of addresses: one is enough.
func (d *turnDialer) Dial(network, _ string) (net.Conn, error) {
	if network != webrtc.NetworkTypeTCP4.String() {
		return nil, errors.New("the address is the access URL's, of whatever family")
	}
	connection, err := d.open(d.ctx)
	if err != nil {
		d.fail(&Error{Stage: StageRelay, Message: "the TURN server cannot be reached: " + err.Error(), cause: err})
		return nil, err
	}
	return &turnConn{connection}, nil
}

// turnConn has an address of the kind that the WebRTC library takes for granted.
type turnConn struct{ net.Conn }

// LocalAddr implements net.Conn.
func (*turnConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
