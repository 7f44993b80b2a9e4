package codertest

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/turn/v5"
)

// Network simulates the distance to a deployment and the quality of its relays. The zero value
// has neither delay nor loss.
type Network struct {
	roundTrip, loss atomic.Int64
}

// Set delays each answer by so much, and makes the deployment's TURN server lose that percentage of the packets that it
// relays each way, evenly spread. Existing connections and relays are affected too.
func (n *Network) Set(roundTrip time.Duration, lossPercent int) {
	n.roundTrip.Store(int64(roundTrip))
	n.loss.Store(int64(lossPercent))
}

// Conn wraps a client's connection with the network's delay: writes to it arrive a round trip
// later.
func (n *Network) Conn(connection net.Conn) net.Conn {
	return &distant{Conn: connection, network: n, closed: make(chan struct{}), reset: make(chan struct{})}
}

// distant is a connection to a distant peer.
type distant struct {
	net.Conn
	network *Network

	// mu guards pending, which is nil until a write is held back: from then on all are, so that none overtakes another.
	mu      sync.Mutex
	pending chan held
	holding atomic.Bool // set with pending
	// closed ends writing, and reset also drops what is in flight; each is closed once.
	closed, reset    chan struct{}
	ending, aborting sync.Once
}

// held is data that arrives later.
type held struct {
	due  time.Time
	data []byte
}

// maxHeld bounds the writes in flight.
const maxHeld = 4096

// Write implements net.Conn. It does not wait for the data to arrive.
func (d *distant) Write(data []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return 0, net.ErrClosed
	default:
	}
	roundTrip := time.Duration(d.network.roundTrip.Load())
	if d.pending == nil {
		if roundTrip == 0 {
			return d.Conn.Write(data)
		}
		d.pending = make(chan held, maxHeld)
		d.holding.Store(true)
		go d.deliver()
	}
	select {
	case d.pending <- held{time.Now().Add(roundTrip), bytes.Clone(data)}:
		return len(data), nil
	case <-d.closed:
		return 0, net.ErrClosed
	}
}

// deliver writes held data when it is due, and the rest before the connection is closed.
func (d *distant) deliver() {
	defer func() {
		d.end()
		_ = d.Conn.Close()
	}()
	for {
		select {
		case next := <-d.pending:
			select {
			case <-time.After(time.Until(next.due)):
			case <-d.reset:
				return
			}
			if _, err := d.Conn.Write(next.data); err != nil {
				return
			}
		case <-d.closed:
			if len(d.pending) == 0 {
				return
			}
		}
	}
}

// SetWriteDeadline implements net.Conn. No deadline affects data in flight: crypto/tls sets one in the past when it
// closes.
func (d *distant) SetWriteDeadline(at time.Time) error {
	if d.holding.Load() { // without the lock: a deadline may have to end a write that has it
		return nil
	}
	return d.Conn.SetWriteDeadline(at)
}

// SetDeadline implements net.Conn.
func (d *distant) SetDeadline(at time.Time) error {
	return errors.Join(d.SetReadDeadline(at), d.SetWriteDeadline(at))
}

func (d *distant) end() { d.ending.Do(func() { close(d.closed) }) }

// Close implements net.Conn. Earlier writes still arrive.
func (d *distant) Close() error {
	d.end()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending != nil {
		return nil
	}
	return d.Conn.Close()
}

// SetLinger is that of net.TCPConn: 0 makes Close an immediate reset.
func (d *distant) SetLinger(seconds int) error {
	plain, ok := d.Conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	err := plain.SetLinger(seconds)
	if seconds == 0 {
		d.aborting.Do(func() { close(d.reset) })
		_ = plain.Close()
	}
	return err
}

// relays makes a TURN server lose packets at the network's rate.
func (n *Network) relays(generator turn.RelayAddressGenerator) turn.RelayAddressGenerator {
	return &lossyRelays{RelayAddressGenerator: generator, network: n}
}

type lossyRelays struct {
	turn.RelayAddressGenerator
	network *Network
}

// AllocatePacketConn implements turn.RelayAddressGenerator.
func (l *lossyRelays) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	connection, address, err := l.RelayAddressGenerator.AllocatePacketConn(c)
	if err != nil {
		return nil, nil, err
	}
	return &lossy{PacketConn: connection, network: l.network}, address, nil
}

// lossy is the side of a relay that faces the peer.
type lossy struct {
	net.PacketConn
	network        *Network
	received, sent atomic.Int64
}

// loses reports whether the next packet is lost: of every hundred, as many as the network's
// percentage.
func (l *lossy) loses(count *atomic.Int64) bool {
	loss := l.network.loss.Load()
	return count.Add(1)*loss%100 < loss
}

// ReadFrom implements net.PacketConn.
func (l *lossy) ReadFrom(data []byte) (int, net.Addr, error) {
	for {
		n, address, err := l.PacketConn.ReadFrom(data)
		if err != nil || !l.loses(&l.received) {
			return n, address, err
		}
	}
}

// WriteTo implements net.PacketConn.
func (l *lossy) WriteTo(data []byte, address net.Addr) (int, error) {
	if l.loses(&l.sent) {
		return len(data), nil
	}
	return l.PacketConn.WriteTo(data, address)
}
