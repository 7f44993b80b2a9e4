//go:build krew

package krew

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// releases replaces the host of the published archives. krew reaches it through a proxy, so that
// the manifest is used unchanged, with its real URLs.
type releases struct {
	// env makes a process send its HTTPS requests here and trust the answers.
	env []string

	mu    sync.Mutex
	files map[string]string // by URL path
}

// publish serves a file under the URL.
func (r *releases) publish(t *testing.T, url, file string) {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files[request.URL.Path] = file
}

func (r *releases) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	file, ok := r.files[path.Clean(request.URL.Path)]
	r.mu.Unlock()
	if !ok {
		http.NotFound(w, request)
		return
	}
	http.ServeFile(w, request, file)
}

// newReleases starts the replacement for a host, and a proxy that leads only there.
func newReleases(t *testing.T, host string) *releases {
	t.Helper()
	r := &releases{files: map[string]string{}}
	certificate, authority := certify(t, host)
	server := httptest.NewUnstartedServer(r)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)

	proxy := httptest.NewServer(tunnel(host+":443", server.Listener.Addr().String()))
	t.Cleanup(proxy.Close)

	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, authority, 0o600); err != nil {
		t.Fatal(err)
	}
	r.env = []string{"HTTPS_PROXY=" + proxy.URL, "NO_PROXY=", "SSL_CERT_FILE=" + bundle}
	return r
}

// tunnel is an HTTP proxy that always connects to one address, whatever the requested host.
func tunnel(name, address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		if request.Method != http.MethodConnect || request.Host != name {
			http.Error(w, "this proxy leads to "+name+" only", http.StatusForbidden)
			return
		}
		server, err := net.Dial("tcp", address)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer server.Close()
		client, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		defer client.Close()
		if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
			return
		}
		// The end of one direction ends the other. Errors do not matter to a tunnel.
		var directions sync.WaitGroup
		directions.Go(func() { _, _ = io.Copy(server, buffered); _ = server.Close() })
		directions.Go(func() { _, _ = io.Copy(client, server); _ = client.Close() })
		directions.Wait()
	})
}

// certify returns a self-signed certificate for the host, and the same as PEM.
func certify(t *testing.T, host string) (tls.Certificate, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
