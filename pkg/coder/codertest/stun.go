package codertest

import (
	"net"
	"sync"

	"github.com/pion/turn/v5"
)

// stunServer tells clients their own address as it sees it, from which two peers determine how to reach each other
// directly.
type stunServer struct {
	mu      sync.Mutex
	server  *turn.Server // nil while none is offered
	address string
}

// OfferDirect adds a STUN server on loopback to the primary's ICE servers (documentation, "Direct workspace
// connections"), or removes it.
func (p *Primary) OfferDirect(offer bool) error {
	p.stun.mu.Lock()
	defer p.stun.mu.Unlock()
	switch running := p.stun.server; {
	case offer && running == nil:
		connection, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		server, err := turn.NewServer(turn.ServerConfig{
			Realm:       turnRealm,
			AuthHandler: func(*turn.RequestAttributes) (string, []byte, bool) { return "", nil, false }, // it relays nothing
			PacketConnConfigs: []turn.PacketConnConfig{{
				PacketConn:            connection,
				RelayAddressGenerator: &turn.RelayAddressGeneratorNone{Address: "127.0.0.1"},
			}},
			LoggerFactory: quietLogs(),
		})
		if err != nil {
			_ = connection.Close()
			return err
		}
		p.stun.server, p.stun.address = server, connection.LocalAddr().String()
	case !offer && running != nil:
		p.stun.server = nil
		return running.Close()
	}
	return nil
}

// iceServers lists the servers for clients.
func (p *Primary) iceServers() []any {
	servers := []any{map[string]any{
		"urls": []string{"turn:127.0.0.1:3478?transport=tcp"}, "username": magicUser, "credential": magicUser,
	}}
	p.stun.mu.Lock()
	defer p.stun.mu.Unlock()
	if p.stun.server != nil {
		servers = append(servers, map[string]any{"urls": []string{"stun:" + p.stun.address}})
	}
	return servers
}
