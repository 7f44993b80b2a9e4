package snapshot_test

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// tlsServer serves a satellite's key, and counts connections and requests.
type tlsServer struct {
	url                   string
	connections, requests atomic.Int32
}

func newTLSServer(t *testing.T, authority *codertest.Authority, names ...string) *tlsServer {
	t.Helper()
	certificate, err := authority.Issue(names...)
	if err != nil {
		t.Fatal(err)
	}
	s := &tlsServer{}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if r.Header.Get("Authorization") != "" || r.Header.Get("Session-Token") != "" {
			t.Errorf("credentials were sent: %v", r.Header)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"key":"k","fingerprint":"f"}`))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}
