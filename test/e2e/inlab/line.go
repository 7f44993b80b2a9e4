package inlab

import (
	"io"
	"net"
	"sync"
)

// Line is a connection to a server that can be cut, like a network or a server that goes away for
// a while. It forwards bytes, so TLS is the server's own.
type Line struct {
	// Address is where the line listens.
	Address string
	target  string

	mu          sync.Mutex
	listener    net.Listener
	connections map[net.Conn]bool
}

// NewLine opens a line to a server's address.
func NewLine(target string) (*Line, error) {
	line := &Line{Address: "127.0.0.1:0", target: target, connections: map[net.Conn]bool{}}
	if err := line.Join(); err != nil {
		return nil, err
	}
	return line, nil
}

// Cut closes all connections, and refuses new ones until Join is called.
func (l *Line) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
	for connection := range l.connections {
		_ = connection.Close()
	}
}

// Join makes the line work again.
func (l *Line) Join() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener != nil {
		return nil
	}
	listener, err := net.Listen("tcp", l.Address)
	if err != nil {
		return err
	}
	l.listener, l.Address = listener, listener.Addr().String()
	go l.accept(listener)
	return nil
}

func (l *Line) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		go l.pass(client, listener)
	}
}

// pass copies bytes both ways until one side ends, or the line is cut.
func (l *Line) pass(client net.Conn, through net.Listener) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", l.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	l.mu.Lock()
	if l.listener != through { // it was cut after it was accepted
		l.mu.Unlock()
		return
	}
	l.connections[client], l.connections[server] = true, true
	l.mu.Unlock()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			done <- struct{}{}
		}()
	}
	<-done
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.connections, client)
	delete(l.connections, server)
}
