package codertest

import (
	"net"
	"sync"
	"time"
)

// door is the listener of a primary that can be unreachable for a while.
type door struct {
	address string
	network *Network

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	visitors map[*visitor]struct{}
	closed   bool
	// back is nil while the primary is reachable. Otherwise it is closed when the primary
	// returns.
	back  chan struct{}
	hang  bool // whether connections hang meanwhile; otherwise they are refused
	timer *time.Timer
}

// newDoor listens on the address, and keeps its port.
func newDoor(address string, network *Network) (*door, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &door{address: listener.Addr().String(), network: network, listener: listener, visitors: map[*visitor]struct{}{}}, nil
}

// leave admits nobody for a time. Existing connections are reset or hang, like new ones.
func (d *door) leave(length time.Duration, hang bool) {
	d.comeBack()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.listener == nil {
		return
	}
	d.back, d.hang = make(chan struct{}), hang
	d.timer = time.AfterFunc(length, d.comeBack)
	if hang {
		return
	}
	_ = d.listener.Close()
	d.listener = nil
	for v := range d.visitors {
		_ = v.SetLinger(0)
		_ = v.Conn.Close()
	}
}

// comeBack admits everybody again.
func (d *door) comeBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || d.back == nil {
		return
	}
	if d.listener == nil {
		listener, err := net.Listen("tcp", d.address)
		if err != nil {
			d.timer.Reset(50 * time.Millisecond) // the port is not free yet
			return
		}
		d.listener = listener
	}
	d.timer.Stop()
	close(d.back)
	d.back = nil
}

// Accept implements net.Listener; it waits while the primary is away.
func (d *door) Accept() (net.Conn, error) {
	for {
		d.mu.Lock()
		listener, back, closed := d.listener, d.back, d.closed
		d.mu.Unlock()
		if closed {
			return nil, net.ErrClosed
		}
		if listener == nil {
			<-back
			continue
		}
		connection, err := listener.Accept()
		d.mu.Lock()
		left := d.listener != listener
		d.mu.Unlock()
		switch {
		case err == nil:
			return d.enter(connection), nil
		case !left:
			return nil, err
		}
	}
}

// enter keeps a connection until it is closed.
func (d *door) enter(connection net.Conn) *visitor {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := &visitor{Conn: d.network.Conn(connection), door: d}
	d.visitors[v] = struct{}{}
	if d.closed || d.listener == nil { // the primary went away meanwhile
		_ = v.SetLinger(0)
		_ = connection.Close()
	}
	return v
}

// Close implements net.Listener.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.back != nil {
		d.timer.Stop()
		close(d.back)
		d.back = nil
	}
	if d.listener == nil {
		return nil
	}
	listener := d.listener
	d.listener = nil
	return listener.Close()
}

// Addr implements net.Listener.
func (d *door) Addr() net.Addr {
	address, err := net.ResolveTCPAddr("tcp", d.address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return address
}

// wait returns when connections do not hang.
func (d *door) wait() {
	d.mu.Lock()
	back, hang := d.back, d.hang
	d.mu.Unlock()
	if back != nil && hang {
		<-back
	}
}

// visitor is a connection that hangs when its door does.
type visitor struct {
	net.Conn
	door *door
}

// Read implements net.Conn.
func (v *visitor) Read(data []byte) (int, error) {
	n, err := v.Conn.Read(data)
	v.door.wait()
	return n, err
}

// Write implements net.Conn.
func (v *visitor) Write(data []byte) (int, error) {
	v.door.wait()
	return v.Conn.Write(data)
}

// Close implements net.Conn.
func (v *visitor) Close() error {
	v.door.mu.Lock()
	delete(v.door.visitors, v)
	v.door.mu.Unlock()
	return v.Conn.Close()
}

// SetLinger is that of net.TCPConn: 0 makes Close a reset.
func (v *visitor) SetLinger(seconds int) error {
	if plain, ok := v.Conn.(interface{ SetLinger(seconds int) error }); ok {
		return plain.SetLinger(seconds)
	}
	return nil
}

// Away makes the primary unreachable for a time: connections hang, or are reset and refused. Another call replaces the
// remaining time.
func (p *Primary) Away(length time.Duration, hang bool) { p.door.leave(length, hang) }

// Back ends the time that the primary is away.
func (p *Primary) Back() { p.door.comeBack() }
