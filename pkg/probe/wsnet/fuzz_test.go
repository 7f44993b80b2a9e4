package wsnet

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/pion/webrtc/v4"
)

// FuzzAgent proves that whatever an agent sends leads to an answer, or to an error that describes
// it.
func FuzzAgent(f *testing.F) {
	for _, seed := range []string{
		"", "{}", "null", "[1]", `{"error":"no"}`, `{"candidate":"candidate:1 1 udp 1 127.0.0.1 9 typ host"}`,
		`{"answer":{"type":"answer","sdp":"v=0"}}`, `{"answer":{"type":"offer","sdp":"v=0"}}`, `{"answer":null,"candidate":"x"}{"answer":`,
		`{"candidate":""}{"answer":{"type":"answer","sdp":"v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, said []byte) {
		peer, err := webrtc.NewPeerConnection(webrtc.Configuration{})
		if err != nil {
			t.Fatal(err)
		}
		n := &negotiation{peer: peer, open: make(chan struct{}), encoder: json.NewEncoder(io.Discard)}
		if n.control, err = peer.CreateDataChannel("control", nil); err != nil {
			t.Fatal(err)
		}
		offer, err := peer.CreateOffer(nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := peer.SetLocalDescription(offer); err != nil {
			t.Fatal(err)
		}
		if err := n.read(newDecoder(bytes.NewReader(said))); err != nil {
			if StageOf(err) != StageAgent || err.Error() == "" {
				t.Errorf("%q: %v", said, err)
			}
		} else if !n.answered.Load() {
			t.Errorf("%q: neither an answer nor an error", said)
		}
		if err := peer.GracefulClose(); err != nil {
			t.Error(err)
		}
	})
}
