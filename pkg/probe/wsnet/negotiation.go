package wsnet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/redact"
)

// negotiation is a connection in the making.
type negotiation struct {
	peer     *webrtc.PeerConnection
	control  *webrtc.DataChannel
	open     chan struct{}   // closed when the control channel is open
	failed   context.Context // ends with the first failure, its cause
	fail     context.CancelCauseFunc
	reading  sync.WaitGroup // of the goroutine that reads the agent's messages
	answered atomic.Bool

	// mu guards encoder and kinds.
	mu      sync.Mutex
	encoder *json.Encoder
	kinds   []string // of the candidates that were found
}

// negotiate offers the agent a connection, in the background. Without an error, finish must be called.
func negotiate(ctx context.Context, endpoint Endpoint, stream net.Conn) (*negotiation, error) {
	n := &negotiation{open: make(chan struct{}), encoder: json.NewEncoder(stream)}
	n.failed, n.fail = context.WithCancelCause(context.WithoutCancel(ctx))
	var settings webrtc.SettingEngine
	settings.DetachDataChannels()
	settings.LoggerFactory = &logging.DefaultLoggerFactory{Writer: io.Discard, DefaultLogLevel: logging.LogLevelDisabled}
	settings.SetICETimeouts(iceDisconnected, iceFailed, iceKeepAlive)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeTCP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	dialer := &turnDialer{ctx: ctx, open: endpoint.TURN, fail: n.fail}
	if endpoint.direct() {
		settings.SetIncludeLoopbackCandidate(true) // for a deployment on this machine
		dialer.fail = func(error) {}               // there are other paths
	} else {
		settings.SetRelayAcceptanceMinWait(0) // nothing else can come
	}
	settings.SetICEProxyDialer(dialer)
	var err error
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	if n.peer, err = api.NewPeerConnection(configuration(servers(endpoint), endpoint.direct())); err != nil {
		return nil, fmt.Errorf("a connection cannot be prepared: %w", err)
	}
	if err := n.offer(endpoint); err != nil {
		_ = n.peer.GracefulClose()
		return nil, fmt.Errorf("a connection cannot be offered: %w", err)
	}
	n.reading.Go(func() {
		if err := n.read(newDecoder(stream)); err != nil {
			n.fail(err)
		}
	})
	return n, nil
}

func (n *negotiation) offer(endpoint Endpoint) error {
	const control = "control"
	var err error
	// without retransmits, losses show, instead of hiding behind a longer round trip
	init := &webrtc.DataChannelInit{Protocol: new(control), Ordered: new(false), MaxRetransmits: new(uint16(0))}
	if n.control, err = n.peer.CreateDataChannel(control, init); err != nil {
		return err
	}
	n.control.OnOpen(func() { close(n.open) })
	n.peer.OnICECandidate(n.found)
	n.peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateFailed {
			n.fail(&Error{Stage: StagePeer, Message: "the relays were agreed on, but nothing comes through them"})
		}
	})
	offer, err := n.peer.CreateOffer(nil)
	if err != nil {
		return err
	}
	// before the local description is set, which starts the search for candidates
	first := message{Offer: &offer, Servers: servers(endpoint), TURNProxyURL: endpoint.AccessURL}
	if err := n.encoder.Encode(first); err != nil {
		return &Error{Stage: StageBroker, Message: "the broker hung up before it took the offer", cause: err}
	}
	return n.peer.SetLocalDescription(offer)
}

// found sends a candidate to the agent. A nil candidate follows the last one.
func (n *negotiation) found(candidate *webrtc.ICECandidate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if candidate != nil {
		n.kinds = append(n.kinds, candidate.Typ.String())
		_ = n.encoder.Encode(message{Candidate: candidate.ToJSON().Candidate}) // read notices an agent that is gone
		return
	}
	if len(n.kinds) == 0 {
		n.fail(&Error{Stage: StageRelay, Message: "the TURN server gave no relay"})
	}
}

// read follows the agent's messages until the stream ends: the agent closes it once the peers are connected.
func (n *negotiation) read(decoder *json.Decoder) error {
	var early []webrtc.ICECandidateInit // candidates may come before the answer
	for {
		var m message
		switch err := decoder.Decode(&m); {
		case err != nil && n.answered.Load():
			return nil
		case errors.Is(err, io.EOF):
			return &Error{Stage: StageAgent, Message: "the agent hung up without an answer", cause: err}
		case err != nil:
			return &Error{Stage: StageAgent, Message: "the agent's answer was cut off: its message cannot be parsed: " + err.Error(), cause: err}
		case m.Error != "":
			return &Error{Stage: StageAgent, Message: "the agent refuses: " + redact.Printable(m.Error)}
		case m.Candidate != "" && !n.answered.Load():
			early = append(early, webrtc.ICECandidateInit{Candidate: m.Candidate})
		case m.Candidate != "":
			_ = n.peer.AddICECandidate(webrtc.ICECandidateInit{Candidate: m.Candidate}) // an invalid one is one less to try
		case m.Answer != nil && !n.answered.Load():
			if err := n.peer.SetRemoteDescription(*m.Answer); err != nil {
				return &Error{Stage: StageAgent, Message: "the agent's answer is invalid: " + redact.Printable(err.Error()), cause: err}
			}
			n.answered.Store(true)
			for _, init := range early {
				_ = n.peer.AddICECandidate(init)
			}
		}
	}
}

func (n *negotiation) late() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case len(n.kinds) == 0:
		return &Error{StageRelay, "the TURN server gave no relay in time", context.DeadlineExceeded}
	case !n.answered.Load():
		return &Error{StageAgent, "the agent did not answer in time", context.DeadlineExceeded}
	default:
		return &Error{StagePeer, "the relays were agreed on, but nothing came through them in time", context.DeadlineExceeded}
	}
}

func (n *negotiation) take() (*Conn, error) {
	raw, err := n.control.DetachWithDeadline()
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return newConn(n.peer, raw, n.kinds), nil
}

// finish ends the negotiation, and leaves the connection.
func (n *negotiation) finish(stream net.Conn) {
	_ = stream.Close()
	n.reading.Wait()
}
