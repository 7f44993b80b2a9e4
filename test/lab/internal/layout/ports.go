package layout

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// Ports are below the range that the kernel uses for outgoing connections, so that no other
// process gets a port that the lab has claimed but not opened yet.
const (
	firstPort = 20000
	lastPort  = 31999
)

// blockSize is the number of ports reserved for a lab.
const blockSize = 100

// ports claims a block of ports and returns n free ones of it. Some of a lab's ports are closed
// for a long time, so a port where nothing listens may still be taken. A block belongs to the lab
// that listens on its first port, the claim. The caller must keep the claim open as long as the
// lab lives.
func ports(n int) (free []int, claim *os.File, err error) {
	if n >= blockSize {
		return nil, nil, fmt.Errorf("%d ports are too many for one lab, which has %d: leave some regions out", n, blockSize-1)
	}
	blocks := (lastPort - firstPort + 1) / blockSize
	start := rand.IntN(blocks) // so that labs that start at the same time seldom collide
	for i := range blocks {
		first := firstPort + (start+i)%blocks*blockSize
		free, claim, err = block(first, n)
		if err == nil {
			return free, claim, nil
		}
	}
	return nil, nil, fmt.Errorf("no %d ports between %d and %d are free: %w", n, firstPort, lastPort, err)
}

// block claims the block that begins with this port.
func block(first, n int) (free []int, claim *os.File, err error) {
	listener, err := net.Listen("tcp4", address(first))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, listener.Close()) }() // the claim is a duplicate of the listener
	for port := first + 1; port < first+blockSize && len(free) < n; port++ {
		other, err := net.Listen("tcp4", address(port))
		if err != nil {
			continue
		}
		if err := other.Close(); err != nil {
			return nil, nil, err
		}
		free = append(free, port)
	}
	if len(free) < n {
		return nil, nil, fmt.Errorf("only %d ports from %d on are free", len(free), first)
	}
	claim, err = listener.(*net.TCPListener).File()
	return free, claim, err
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
