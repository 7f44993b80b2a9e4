package wsnet

import (
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
)

// silent is a control channel whose other side never answers.
type silent struct {
	deadline chan time.Time
	refuses  bool
}

func (s *silent) Read([]byte) (int, error) {
	for at := range s.deadline {
		if !at.IsZero() {
			return 0, os.ErrDeadlineExceeded
		}
	}
	return 0, io.EOF
}

func (s *silent) Write(data []byte) (int, error) {
	if s.refuses {
		return 0, io.ErrClosedPipe
	}
	return len(data), nil
}

func (s *silent) SetReadDeadline(at time.Time) error {
	s.deadline <- at
	return nil
}

func (*silent) ReadDataChannel([]byte) (int, bool, error)  { return 0, false, io.EOF }
func (*silent) WriteDataChannel([]byte, bool) (int, error) { return 0, io.EOF }
func (*silent) SetWriteDeadline(time.Time) error           { return nil }
func (*silent) Close() error                               { return nil }

// A ping distinguishes a lost connection from a late answer, and both from a ping that was never
// sent.
func TestPingTells(t *testing.T) {
	for name, test := range map[string]struct {
		refuses      bool
		during       func(*Conn) // while the ping is in progress
		lost, unsent bool
	}{
		"no answer":                {},
		"given up":                 {during: func(c *Conn) { c.changed(webrtc.PeerConnectionStateFailed) }, lost: true},
		"disconnected for a while": {during: func(c *Conn) { c.changed(webrtc.PeerConnectionStateDisconnected) }},
		"closed":                   {during: func(c *Conn) { close(c.control.(*silent).deadline) }, lost: true},
		"not sent":                 {refuses: true, lost: true, unsent: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &Conn{control: &silent{deadline: make(chan time.Time, 8), refuses: test.refuses}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				errs := make(chan error, 1)
				go func() {
					_, err := c.Ping(ctx)
					errs <- err
				}()
				synctest.Wait()
				if test.during != nil {
					test.during(c)
				}
				err := <-errs
				if errors.Is(err, ErrLost) != test.lost || errors.Is(err, ErrUnsent) != test.unsent {
					t.Errorf("error %v", err)
				}
			})
		})
	}
	c := &Conn{control: &silent{deadline: make(chan time.Time, 8)}}
	c.changed(webrtc.PeerConnectionStateFailed)
	c.changed(webrtc.PeerConnectionStateClosed)
	if _, err := c.Ping(t.Context()); !errors.Is(err, ErrLost) || !errors.Is(err, ErrUnsent) {
		t.Errorf("after the end: %v", err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Ping(over); errors.Is(err, ErrLost) || !errors.Is(err, ErrUnsent) {
		t.Errorf("with an ended context: %v", err)
	}
}
