//go:build linux

package scale

import (
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// region is a virtual region: an API server that repeats the recorded answers of a real one, and
// a satellite, both at one address on loopback.
type region struct {
	words, back *strings.Replacer // replace recorded names by this region's, and the reverse
	satellite   http.Handler
	world       *world

	mu       sync.Mutex
	rendered map[string][]byte
}

// nameOf and addressOf are the name and the address of the virtual region with this number.
func nameOf(i int) string { return fmt.Sprintf("region-%04d", i) }

func addressOf(i, port int) string { return fmt.Sprintf("127.1.%d.%d:%d", i/250, i%250+1, port) }

func hostOf(i int) string { return nameOf(i) + satellites }

// satellites is the domain of the satellites.
const satellites = ".satellites.example"

// ServeHTTP answers as the satellite or as the API server.
func (r *region) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.world.requests.Add(1)
	if strings.Contains(request.Host, satellites) {
		r.satellite.ServeHTTP(w, request)
		return
	}
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return
	}
	asked := r.back.Replace(key(request, body))
	answer, known := r.world.templates[asked]
	if !known {
		r.world.unknown.Store(asked, true)
		http.Error(w, "nobody asked for that when it was recorded", http.StatusNotImplemented)
		return
	}
	r.mu.Lock()
	data, there := r.rendered[asked]
	r.mu.Unlock()
	if !there {
		if data, err = answer.render(r.words); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		r.mu.Lock()
		r.rendered[asked] = data
		r.mu.Unlock()
	}
	exchange{answer.status, answer.header, data}.write(w)
}

// serve serves a handler over TLS at an address, with the world's delay.
func (w *world) serve(t *testing.T, address string, certificate tls.Certificate, handler http.Handler) {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
	}
	go func() { _ = server.ServeTLS(distant{listener, w}, "", "") }()
	t.Cleanup(func() { _ = server.Close() })
}

// distant is a listener whose clients are far away.
type distant struct {
	net.Listener
	world *world
}

func (d distant) Accept() (net.Conn, error) {
	connection, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	d.world.connections.Add(1)
	return d.world.network.Conn(connection), nil
}
