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

// Errors that Ping's errors wrap.
var (
	// ErrLost means that the connection is lost: no ping will return.
	ErrLost   = errors.New("the connection to the agent is lost")
	ErrUnsent = errors.New("the ping was not sent")
)

// Conn is a connection to a workspace's agent.
type Conn struct {
	peer    *webrtc.PeerConnection
	control datachannel.ReadWriteCloserDeadliner
	kinds   []string    // of the candidates that this side found
	gone    atomic.Bool // whether the connection is lost
	// mu allows one ping at a time, and guards last, its number.
	mu   sync.Mutex
	last byte
}

func newConn(peer *webrtc.PeerConnection, control datachannel.ReadWriteCloserDeadliner, kinds []string) *Conn {
	c := &Conn{peer: peer, control: control, kinds: slices.Compact(slices.Sorted(slices.Values(kinds)))}
	peer.OnConnectionStateChange(c.changed)
	c.changed(peer.ConnectionState()) // a change may have come before
	return c
}

// changed ends the ping in progress when the connection is given up, after some 25 seconds of silence.
func (c *Conn) changed(state webrtc.PeerConnectionState) {
	if state == webrtc.PeerConnectionStateFailed || state == webrtc.PeerConnectionStateClosed {
		c.gone.Store(true)
		_ = c.control.SetReadDeadline(time.Unix(1, 0))
	}
}

// Ping sends a byte, which the agent returns, and measures how long that takes. An error that wraps ErrLost means that
// the connection is lost, ErrUnsent that nothing was sent, and any other that the answer did not come before ctx ended.
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
			return 0, errors.New("the ping did not come back in time")
		case err != nil:
			return 0, fmt.Errorf("%w: %w", ErrLost, err)
		case n == 1 && back[0] == c.last:
			return time.Since(began), nil
		} // else it is a late answer to an earlier ping
	}
}

func unsent(err error) error { return fmt.Errorf("%w: %w (%w)", ErrLost, err, ErrUnsent) }

// Route returns the sorted kinds of addresses that this side could offer: "host" is its own, "srflx" one that a STUN
// server saw, "relay" one of the TURN server. chosen are the kinds that the connection uses, ours first, such as
// "host-srflx"; empty if unknown, as after the connection's end.
func (c *Conn) Route() (candidates []string, chosen string) {
	pair, err := c.peer.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return c.kinds, ""
	}
	return c.kinds, pair.Local.Typ.String() + "-" + pair.Remote.Typ.String()
}

// Close closes the connection and waits for its goroutines.
func (c *Conn) Close() error { return c.peer.GracefulClose() }
