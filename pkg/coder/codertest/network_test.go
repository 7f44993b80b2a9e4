package codertest

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// pair is a connection over loopback, with the network between its two ends.
func pair(t *testing.T, network *Network) (near, far net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	near, err = net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err = listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	far = network.Conn(far)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// A distant server's data arrives later, in order and complete.
func TestNetworkDelays(t *testing.T) {
	const roundTrip = 100 * time.Millisecond
	network := &Network{}
	near, far := pair(t, network)
	if _, err := far.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	network.Set(roundTrip, 0)
	began := time.Now()
	for _, text := range []string{"b", "c"} {
		if _, err := far.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	network.Set(0, 0)
	if _, err := far.Write([]byte("d")); err != nil { // must not overtake earlier data
		t.Fatal(err)
	}
	if err := far.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(near)
	if took := time.Since(began); err != nil || string(text) != "abcd" || took < roundTrip {
		t.Errorf("%q after %s: %v", text, took, err)
	}
	if _, err := far.Write([]byte("e")); err == nil {
		t.Error("a write to a closed connection succeeded")
	}
}

// An answer still arrives if its connection is closed right after it. Over TLS, closing sets a
// write deadline in the past.
func TestNetworkDelaysLastAnswer(t *testing.T) {
	network := &Network{}
	network.Set(50*time.Millisecond, 0)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "the end")
	}))
	server.Listener = through{server.Listener, network}
	server.StartTLS()
	defer server.Close()
	transport, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the client has another transport")
	}
	transport.DisableKeepAlives = true
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if text, err := io.ReadAll(response.Body); string(text) != "the end" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// through is a listener with the network between it and its clients.
type through struct {
	net.Listener
	network *Network
}

func (l through) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.network.Conn(connection), nil
}

// A reset does not wait for data in flight.
func TestNetworkResets(t *testing.T) {
	network := &Network{}
	network.Set(time.Hour, 0)
	near, far := pair(t, network)
	if _, err := far.Write([]byte("a")); err != nil {
		t.Fatal(err)
	}
	if err := far.(*distant).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	if n, err := near.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes arrive", n)
	}
}

func TestNetworkLoses(t *testing.T) {
	for _, percent := range []int{0, 1, 30, 100} {
		network, count, lost := &Network{}, atomic.Int64{}, 0
		network.Set(0, percent)
		relay := &lossy{network: network}
		for range 200 {
			if relay.loses(&count) {
				lost++
			}
		}
		if lost != 2*percent {
			t.Errorf("of 200 packets, %d are lost, and not %d%%", lost, percent)
		}
	}
}
