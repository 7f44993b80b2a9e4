package wsnet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

// Errors of Ping, which its errors wrap.
var (
	// ErrLost means that the connection is lost: no ping will ever come back.
	ErrLost = errors.New("the connection to the agent is lost")
	// ErrUnsent means that the ping was not sent.
	ErrUnsent = errors.New("the ping was not sent")
)

// Conn is a connection to a workspace's agent.
type Conn struct {
	peer    *webrtc.PeerConnection
	control datachannel.ReadWriteCloserDeadliner
	// kinds are those of the candidates that this side had found.
	kinds []string
	// gone is set when the connection is lost.
	gone atomic.Bool
	// mu lets one ping be under way at a time, and guards last, its number.
	mu   sync.Mutex
	last byte
}

func newConn(peer *webrtc.PeerConnection, control datachannel.ReadWriteCloserDeadliner, kinds []string) *Conn {
	c := &Conn{peer: peer, control: control, kinds: slices.Compact(slices.Sorted(slices.Values(kinds)))}
	peer.OnConnectionStateChange(c.changed)
	c.changed(peer.ConnectionState()) // which may have come before
	return c
}

// changed ends the ping that is under way when the connection is given up, some
// 25 seconds after the last sign of life from the other side.
func (c *Conn) changed(state webrtc.PeerConnectionState) {
	if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
		c.gone.Store(true)
		_ = c.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// Ping sends a byte, which the agent sends back, and returns how long that
// took. An error that wraps ErrLost means that the connection is lost, one that
// wraps ErrUnsent that nothing was sent, and any other that it did not come back
// before the context ended.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	if err := c.control.SetReadDeadline(time.Time{}); err != nil {
		return 0, unsent(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if c.gone.Load() {
		return 0, unsent(errors.New("the other side gave no sign of life"))
	}
	c.last++
	began := time.Now()
	if _, err := c.control.Write([]byte{c.last}); err != nil {
		return 0, unsent(err)
	}
	for {
		var back [16]byte
		n, err := c.control.Read(back[:])
		switch {
		case err != nil && c.gone.Load():
			return 0, fmt.Errorf("%w: the other side gave no sign of life", ErrLost)
		case err != nil && ctx.Err() != nil:
			return 0, errors.New("what was sent did not come back in time")
		case err != nil:
			return 0, fmt.Errorf("%w: %w", ErrLost, err)
		case n == 1 && back[0] == c.last:
			return time.Since(began), nil
		} // else it is a late answer to an earlier ping
	}
}

func unsent(err error) error { return fmt.Errorf("%w: %w (%w)", ErrLost, err, ErrUnsent) }

// Route returns the kinds of addresses that this side could offer, sorted, each once:
// "host" is one of its own, "srflx" one that a STUN server saw, "relay" one of the TURN
// server; and of which kinds the two are that the connection uses, such as "host-srflx",
// ours first. The latter is empty if that is not known, as after the connection's end.
func (c *Conn) Route() (candidates []string, chosen string) {
	pair, err := c.peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return c.kinds, ""
	}
	return c.kinds, pair.Local.Typ.String() + "-" + pair.Remote.Typ.String()
}

// Close closes the connection and waits for what runs in it.
func (c *Conn) Close() error { return c.peer.GracefulClose() }
