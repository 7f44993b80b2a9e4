package layout

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
)

// Ports are taken below the range from which the kernel gives ports to
// outgoing connections, so that nobody is given one that is laid out but not
// listened on yet.
const (
	firstPort = 20000
	lastPort  = 31999
)

// blockSize is how many ports a lab has to itself.
const blockSize = 100

// ports claims a block of ports and returns n free ones of it. Some of a lab's
// ports are closed for long times, so it is not enough that nobody listens there:
// who listens on a block's first port, the claim, owns the block. The
// claim is to be kept open for as long as the lab lives.
func ports(n int) (free []int, claim *os.File, err error) {
	if n >= blockSize {
		return nil, nil, fmt.Errorf("%d ports are too many for one lab, which has %d: leave some regions out", n, blockSize-1)
	}
	blocks := (lastPort - firstPort + 1) / blockSize
	start := rand.IntN(blocks) // so that labs that start at once seldom meet
	for i := range blocks {
		first := firstPort + (start+i)%blocks*blockSize
		free, claim, err = block(first, n)
		if err == nil {
			return free, claim, nil
		}
	}
	return nil, nil, fmt.Errorf("no %d ports between %d and %d are free: %w", n, firstPort, lastPort, err)
}

// block claims the block that begins with a port.
func block(first, n int) (free []int, claim *os.File, err error) {
	listener, err := net.Listen("tcp4", address(first))
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, listener.Close()) }() // the claim is a duplicate
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
