package codertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

// ICE settings of the CLI (coder-cli, wsnet).
const (
	iceDisconnected = 5 * time.Second
	iceFailed       = 25 * time.Second
	iceKeepAlive    = 2 * time.Second
	iceConnect      = 15 * time.Second
)

// signal is one message in which a client and an agent negotiate a connection.
type signal struct {
	Offer        *webrtc.SessionDescription `json:"offer,omitempty"`
	Servers      *[]iceServer               `json:"servers,omitempty"`
	TURNProxyURL string                     `json:"turn_proxy_url,omitempty"`
	Ports        []dialPolicy               `json:"ports,omitempty"`
	Answer       *webrtc.SessionDescription `json:"answer,omitempty"`
	Error        string                     `json:"error,omitempty"`
	Candidate    string                     `json:"candidate,omitempty"`
}

// iceServer is a STUN or TURN server. Further fields are ignored.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential any      `json:"credential"`
}

// dialPolicy is an address that a client may have dialled; an empty field means any.
type dialPolicy struct {
	Network string `json:"network"`
	Address string `json:"address"`
	Port    uint16 `json:"port"`
}

// peer is the agent's side of one client's connection.
type peer struct {
	agent      *agent
	stream     *yamux.Stream
	connection *webrtc.PeerConnection
	policies   []dialPolicy
	// writing guards encoder: candidates are found while the answer is made.
	writing sync.Mutex
	encoder *json.Encoder
	// channels are the data channels in use.
	channels sync.WaitGroup
}

// serve negotiates, and keeps the connection until it ends.
func (p *peer) serve(ctx context.Context) {
	defer func() { _ = p.stream.Close() }()
	decoder := json.NewDecoder(p.stream)
	first, early, err := readOffer(decoder)
	if err != nil {
		return
	}
	if err := p.accept(ctx, first); err != nil {
		p.send(signal{Error: err.Error()})
		return
	}
	ended := make(chan struct{})
	connected := make(chan struct{})
	var once, twice sync.Once
	p.connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			once.Do(func() { close(connected) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed: // not disconnected: ICE may recover
			twice.Do(func() { close(ended) })
		default:
		}
	})
	defer p.channels.Wait()
	defer func() { _ = p.connection.GracefulClose() }()
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() { _ = p.stream.Close() }()
	for _, candidate := range early {
		p.add(candidate)
	}
	reading.Go(func() { p.readCandidates(decoder) })
	if err := p.reply(); err != nil {
		p.send(signal{Error: err.Error()})
		return
	}
	late := time.NewTimer(iceConnect)
	defer late.Stop()
	select {
	case <-connected:
		_ = p.stream.Close() // the peers have their own connection now
	case <-ended:
		return
	case <-late.C:
		return
	case <-ctx.Done():
		return
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// readOffer returns the client's offer, and the candidates that overtook it.
func readOffer(decoder *json.Decoder) (first signal, early []string, err error) {
	for {
		var message signal
		if err := decoder.Decode(&message); err != nil || message.Candidate == "" {
			return message, early, err
		}
		early = append(early, message.Candidate)
	}
}

// accept makes the agent's end of the offered connection.
func (p *peer) accept(ctx context.Context, first signal) error {
	switch {
	case first.Offer == nil:
		return errors.New("the first message must hold an offer")
	case first.Servers == nil:
		return errors.New("the ICE servers must not be null")
	}
	p.policies = first.Ports
	var settings webrtc.SettingEngine
	settings.DetachDataChannels()
	settings.LoggerFactory = quietLogs()
	settings.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() }) // nothing here leaves the machine
	settings.SetICEProxyDialer(&turnDialer{ctx: ctx, agent: p.agent, accessURL: strings.TrimSuffix(first.TURNProxyURL, "/")})
	var configuration webrtc.Configuration
	for _, server := range *first.Servers {
		configuration.ICEServers = append(configuration.ICEServers, webrtc.ICEServer{
			URLs: server.URLs, Username: server.Username, Credential: server.Credential, CredentialType: webrtc.ICECredentialTypePassword,
		})
	}
	connection, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(configuration)
	if err != nil {
		return fmt.Errorf("cannot connect with these ICE servers: %w", err)
	}
	p.connection = connection
	connection.OnDataChannel(func(channel *webrtc.DataChannel) {
		channel.OnOpen(func() {
			if raw, err := channel.Detach(); err == nil {
				p.channels.Go(func() { p.serveChannel(ctx, channel.Protocol(), raw) })
			}
		})
	})
	connection.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate != nil {
			p.send(signal{Candidate: candidate.ToJSON().Candidate})
		}
	})
	if err := connection.SetRemoteDescription(*first.Offer); err != nil {
		_ = connection.GracefulClose()
		return fmt.Errorf("the offer is invalid: %w", err)
	}
	return nil
}

// reply answers the offer. The first candidates may overtake the answer.
func (p *peer) reply() error {
	answer, err := p.connection.CreateAnswer(nil)
	if err != nil {
		return err
	}
	if err := p.connection.SetLocalDescription(answer); err != nil {
		return err
	}
	p.send(signal{Answer: &answer})
	return nil
}

// readCandidates adds the client's candidates until the stream ends.
func (p *peer) readCandidates(decoder *json.Decoder) {
	for {
		var message signal
		if err := decoder.Decode(&message); err != nil {
			return
		}
		if message.Candidate != "" {
			p.add(message.Candidate)
		}
	}
}

// add adds a client's candidate, and ignores an invalid one.
func (p *peer) add(candidate string) {
	_ = p.connection.AddICECandidate(webrtc.ICECandidateInit{Candidate: candidate})
}

func (p *peer) send(message signal) {
	p.writing.Lock()
	defer p.writing.Unlock()
	_ = p.encoder.Encode(message) // the reader notices if the client is gone
}
