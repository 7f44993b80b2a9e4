package wsnet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc/v4"
)

// Conn is a connection to a workspace's agent.
type Conn struct {
	peer    *webrtc.PeerConnection
	control datachannel.ReadWriteCloserDeadliner
	// mu lets one ping be under way at a time, and guards last, its number.
	mu   sync.Mutex
	last byte
}

// Ping sends a byte, which the agent sends back, and returns how long that
// took. An error means that it did not come back before the context ended, or
// that the connection is lost.
func (c *Conn) Ping(ctx context.Context) (time.Duration, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := c.control.SetReadDeadline(time.Time{}); err != nil {
		return 0, lost(err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.control.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	c.last++
	began := time.Now()
	if _, err := c.control.Write([]byte{c.last}); err != nil {
		return 0, lost(err)
	}
	for {
		var back [16]byte
		n, err := c.control.Read(back[:])
		switch {
		case err != nil && ctx.Err() != nil:
			return 0, errors.New("what was sent did not come back in time")
		case err != nil:
			return 0, lost(err)
		case n == 1 && back[0] == c.last:
			return time.Since(began), nil
		} // else it is a late answer to an earlier ping
	}
}

func lost(err error) error { return fmt.Errorf("the connection to the agent is lost: %w", err) }

// Close closes the connection and waits for what runs in it.
func (c *Conn) Close() error { return c.peer.GracefulClose() }
