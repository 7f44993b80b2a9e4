package layout

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Ports are taken below the range from which the kernel gives ports to
// outgoing connections, so that nobody is given one that is laid out but not
// listened on yet.
const (
	firstPort = 20000
	lastPort  = 31999
)

// freePorts returns n ports of loopback that nobody listens on, in a row that
// begins anywhere, so that labs side by side do not meet.
func freePorts(n int) ([]int, error) {
	var ports []int
	start := firstPort + rand.IntN(lastPort-firstPort)
	for i := 0; i < lastPort-firstPort && len(ports) < n; i++ {
		port := firstPort + (start-firstPort+i)%(lastPort-firstPort)
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = listener.Close()
		ports = append(ports, port)
	}
	if len(ports) < n {
		return nil, fmt.Errorf("only %d of %d ports between %d and %d are free", len(ports), n, firstPort, lastPort)
	}
	return ports, nil
}
