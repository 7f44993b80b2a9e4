package wsnet

import (
	"encoding/json"
	"io"

	"github.com/pion/webrtc/v4"
)

// message is one message between client and agent; the fields that are set show which (coder-cli, wsnet).
type message struct {
	// Client to agent.
	Offer        *webrtc.SessionDescription `json:"offer,omitempty"`
	Servers      []server                   `json:"servers,omitempty"`
	TURNProxyURL string                     `json:"turn_proxy_url,omitempty"`
	// Agent to client.
	Answer *webrtc.SessionDescription `json:"answer,omitempty"`
	Error  string                     `json:"error,omitempty"`
	// Both ways.
	Candidate string `json:"candidate,omitempty"`
}

// server is an ICE server, as the agent's library reads it.
type server struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username"`
	Credential string   `json:"credential"`
}

func servers(endpoint Endpoint) []server {
	list := []server{{[]string{turnServer}, turnUser, turnUser}}
	if endpoint.direct() {
		list = append(list, server{URLs: endpoint.STUN})
	}
	return list
}

// maxSignals is how many bytes of an agent's messages are read: an answer has a few kilobytes.
const maxSignals = 1 << 20

func newDecoder(stream io.Reader) *json.Decoder {
	return json.NewDecoder(io.LimitReader(stream, maxSignals))
}
