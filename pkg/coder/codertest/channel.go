package codertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// dialled is the answer to a client's request to dial. Code is empty after a success, else one of the codes below
// (coder-cli, wsnet).
type dialled struct {
	Code string
	Err  string
	Net  string
	Op   string
}

// Codes for a failed dial: nothing answers, or the agent does not dial such an address for the client.
const (
	codeDial    = "dial_error"
	codeAddress = "bad_address_error"
)

// serveChannel serves a data channel by its protocol.
func (p *peer) serveChannel(ctx context.Context, protocol string, raw io.ReadWriteCloser) {
	defer func() { _ = raw.Close() }()
	if protocol == "control" {
		buffer := make([]byte, 64)
		for {
			n, err := raw.Read(buffer)
			if err != nil {
				return
			}
			if _, err := raw.Write(buffer[:n]); err != nil {
				return
			}
		}
	}
	network, address, _ := strings.Cut(protocol, ":")
	connection, err := p.dial(ctx, network, address)
	if data, err := json.Marshal(outcomeOf(err)); err != nil {
		return
	} else if _, err := raw.Write(data); err != nil {
		return
	}
	if err != nil {
		return
	}
	defer func() { _ = connection.Close() }()
	p.channels.Go(func() {
		_, _ = io.Copy(connection, raw)
		_ = connection.Close()
	})
	_, _ = io.Copy(raw, connection)
}

// dial opens a connection that the client's policies allow.
func (p *peer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || (network != "tcp" && network != "udp") {
		return nil, fmt.Errorf("%s:%s cannot be dialled", network, address)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("%s is not a port", port)
	}
	allowed := len(p.policies) == 0
	for _, policy := range p.policies {
		allowed = allowed || (policy.Network == "" || policy.Network == network) &&
			(policy.Address == "" || sameHost(policy.Address, host)) && (policy.Port == 0 || uint64(policy.Port) == number)
	}
	if !allowed {
		return nil, fmt.Errorf("%s:%s is not among the allowed addresses", network, address)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, address)
}

// sameHost compares hosts as policies mean them: all names of this machine are the same.
func sameHost(a, b string) bool {
	canonical := func(host string) string {
		host = strings.Trim(host, "[]")
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
			return "localhost"
		}
		return host
	}
	return canonical(a) == canonical(b)
}

// outcomeOf reports the result of a dial, as the CLI's agent does.
func outcomeOf(err error) dialled {
	var operation *net.OpError
	switch {
	case err == nil:
		return dialled{}
	case errors.As(err, &operation):
		return dialled{Code: codeDial, Err: operation.Err.Error(), Net: operation.Net, Op: operation.Op}
	default:
		return dialled{Code: codeAddress, Err: err.Error()}
	}
}
