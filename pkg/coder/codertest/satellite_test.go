package codertest_test

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// An unregistered satellite serves only its key and its health.
func TestUnregisteredSatellite(t *testing.T) {
	d := start(t, codertest.Options{})
	satellite, url, client := d.satellite(t, nil)

	got, err := send(client, http.MethodGet, url+"/api/private/satellites/key", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	key := decode[struct{ Key, Fingerprint string }](t, got)
	if key.Key != satellite.PublicKey() || key.Fingerprint != satellite.Fingerprint() {
		t.Errorf("the key is %+v", key)
	}
	block, _ := pem.Decode([]byte(key.Key))
	if block == nil || block.Type != "PUBLIC KEY" {
		t.Fatalf("the key is not PEM: %s", key.Key)
	}
	if public, err := x509.ParsePKIXPublicKey(block.Bytes); err != nil {
		t.Error(err)
	} else if _, ok := public.(*ecdsa.PublicKey); !ok {
		t.Errorf("the key is a %T", public)
	}
	sum := sha256.Sum256(block.Bytes)
	if want := "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:]); key.Fingerprint != want {
		t.Errorf("the fingerprint is %s, want %s", key.Fingerprint, want)
	}

	for path, status := range map[string]int{
		"/cem-healthz": 200, "/api": 403, "/api/v0/users/me": 403, "/api/v0/nothing": 403, "/": 403,
	} {
		got, err := send(client, http.MethodGet, url+path, d.tokens[codertest.RoleAdmin], nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.status != status {
			t.Errorf("%s: status %d, want %d: %s", path, got.status, status, got.body)
		}
		if status == 403 {
			if code, message := got.message(t); code != "satellite_unregistered" || !strings.Contains(message, satellite.Fingerprint()) {
				t.Errorf("%s: %s: %s", path, code, message)
			}
		}
	}
	if got, err := send(client, http.MethodPost, url+"/api/private/satellites/key", "", nil); err != nil || got.status != 405 || got.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST of the key: %+v, %v", got, err)
	}
}

// A registered satellite forwards everything, until its registration is removed.
func TestRegisteredSatellite(t *testing.T) {
	d := start(t, codertest.Options{Version: "v1.21.3", BuildTime: 8 * time.Millisecond})
	satellite, url, client := d.satellite(t, nil)
	id := d.register(t, "sydney", satellite)
	token := d.tokens[codertest.RoleManager]

	got, err := send(client, http.MethodGet, url+"/api", "", nil)
	if err != nil || got.status != 200 || got.header.Get("Coder-Version") != "v1.21.3" {
		t.Fatalf("GET /api: %+v, %v", got, err)
	}
	if got, err := send(client, http.MethodGet, url+"/api/v0/users/me", token, nil); err != nil || !strings.Contains(got.body, "manager@example.com") {
		t.Errorf("GET users/me: %+v, %v", got, err)
	}
	if got, err := send(client, http.MethodGet, url+"/api/v0/users/me", "", nil); err != nil || got.status != 401 {
		t.Errorf("without a token: %+v, %v", got, err)
	}
	// a query, an escaped path and a body are forwarded
	if got, err := send(client, http.MethodGet, url+"/api/v0/workspaces/a%20b%2Fc?x=1", token, nil); err != nil || got.status != 404 {
		t.Errorf("an escaped path: %+v, %v", got, err)
	}
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	if got, err := send(client, http.MethodPatch, url+pools+"/"+provider.ID, token, `{"enable_net_v2":true}`); err != nil || got.status != 204 {
		t.Errorf("PATCH: %+v, %v", got, err)
	}
	// and so is a WebSocket
	canary := d.canary(codertest.RoleManager)
	log := watch(t, client, url, token, canary.ID)
	if got, err := send(client, http.MethodPatch, url+"/api/v0/workspaces/"+canary.ID, token, `{}`); err != nil || got.status != 204 {
		t.Errorf("rebuild: %+v, %v", got, err)
	}
	if got := types(next(t, log)); got != "start stage substage stage done" {
		t.Errorf("messages %q", got)
	}
	for _, request := range d.Requests() {
		if direct := request.Path == satellites; request.Satellite != "" == direct {
			t.Errorf("the log does not say which satellite forwarded it: %+v", request)
		}
	}

	d.manager(t, http.MethodDelete, satellites+"/"+id, nil, 204)
	if got, err := send(client, http.MethodGet, url+"/api", "", nil); err != nil || got.status != 403 {
		t.Errorf("after its registration is gone: %+v, %v", got, err)
	}
}

// The primary accepts only a satellite's own, recent signature.
func TestSignatures(t *testing.T) {
	d := start(t, codertest.Options{})
	var now time.Time
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	satellite, url, client := d.satellite(t, func(o *codertest.SatelliteOptions) {
		o.PrivateKey, o.Now = key, func() time.Time { return now }
	})
	d.register(t, "sydney", satellite)
	for _, test := range []struct {
		name   string
		shift  time.Duration
		status int
	}{
		{"now", 0, 200},
		{"a little slow", -4 * time.Minute, 200},
		{"a little fast", 4 * time.Minute, 200},
		{"an hour old", -time.Hour, 403},
		{"an hour ahead", time.Hour, 403},
	} {
		now = time.Now().Add(test.shift)
		got, err := send(client, http.MethodGet, url+"/api", "", nil)
		if err != nil || got.status != test.status {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		} else if got.status == 403 {
			if code, _ := got.message(t); code != "satellite_stale" {
				t.Errorf("%s: code %q", test.name, code)
			}
		}
	}

	// forged: headers sent directly to the primary
	now = time.Now()
	signed := http.Header{}
	capture := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { signed = r.Header.Clone() }))
	defer capture.Close()
	spy, err := codertest.NewSatellite(codertest.SatelliteOptions{
		PrimaryURL: capture.URL, AccessURL: "https://s.example.com", PrivateKey: key, RootCAs: certificates(t, capture),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer spy.Close()
	recorder := httptest.NewRecorder()
	// identity headers from a client are dropped
	spoofed := httptest.NewRequest(http.MethodGet, "/api", nil)
	spoofed.Header.Set("Coder-Satellite-Signature", "forged")
	spy.ServeHTTP(recorder, spoofed)
	if recorder.Code != 200 || signed.Get("Coder-Satellite-Fingerprint") != satellite.Fingerprint() || signed.Get("Coder-Satellite-Signature") == "forged" {
		t.Fatalf("captured: %d %v", recorder.Code, signed)
	}
	for _, test := range []struct {
		name, method, path string
		change             func(http.Header)
		status             int
		code               string
	}{
		{"as it was signed", "GET", "/api", func(http.Header) {}, 200, ""},
		{"another path", "GET", "/api/v0/users/me", func(http.Header) {}, 403, "satellite_bad_signature"},
		{"another method", "POST", "/api", func(http.Header) {}, 403, "satellite_bad_signature"},
		{"another time", "GET", "/api", func(h http.Header) { h.Set("Coder-Satellite-Timestamp", "0") }, 403, "satellite_stale"},
		{"no time", "GET", "/api", func(h http.Header) { h.Del("Coder-Satellite-Timestamp") }, 403, "satellite_stale"},
		{"no signature", "GET", "/api", func(h http.Header) { h.Del("Coder-Satellite-Signature") }, 403, "satellite_bad_signature"},
		{"nonsense", "GET", "/api", func(h http.Header) { h.Set("Coder-Satellite-Signature", "%") }, 403, "satellite_bad_signature"},
		{"somebody else", "GET", "/api", func(h http.Header) { h.Set("Coder-Satellite-Fingerprint", "SHA256:x") }, 403, "satellite_unregistered"},
	} {
		request, err := http.NewRequest(test.method, d.URL()+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header = signed.Clone()
		test.change(request.Header)
		response, err := d.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != test.status {
			t.Errorf("%s: status %d, want %d", test.name, response.StatusCode, test.status)
		}
	}

	// a key of another type makes no valid signature
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	created := decode[registered](t, d.manager(t, http.MethodPost, satellites, map[string]string{
		"name": "rsa", "public_key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}, 201)).Data
	request, err := http.NewRequest(http.MethodGet, d.URL()+"/api", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header = signed.Clone()
	request.Header.Set("Coder-Satellite-Fingerprint", created.Fingerprint)
	response, err := d.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != 403 {
		t.Errorf("an RSA key: status %d", response.StatusCode)
	}
}

func certificates(t *testing.T, server *httptest.Server) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return pool
}

// The satellite is healthy if its primary answers over trusted TLS, with a version.
func TestSatelliteHealth(t *testing.T) {
	d := start(t, codertest.Options{})
	stranger := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }))
	defer stranger.Close()
	for _, test := range []struct {
		name   string
		change func(*codertest.SatelliteOptions)
		status int
		says   string
	}{
		{"good", nil, 200, "ok"},
		{"with a slash", func(o *codertest.SatelliteOptions) { o.PrimaryURL += "/" }, 200, "ok"},
		{"nobody there", func(o *codertest.SatelliteOptions) { o.PrimaryURL = "https://127.0.0.1:1" }, 503, "refused"},
		{"no trust", func(o *codertest.SatelliteOptions) { o.RootCAs = x509.NewCertPool() }, 503, "certificate"},
		{"not http", func(o *codertest.SatelliteOptions) { o.PrimaryURL = "ftp://127.0.0.1" }, 503, "unsupported protocol"},
		{"not a primary", func(o *codertest.SatelliteOptions) {
			o.PrimaryURL, o.RootCAs = stranger.URL, certificates(t, stranger)
		}, 503, "without a version"},
	} {
		_, url, client := d.satellite(t, test.change)
		got, err := send(client, http.MethodGet, url+"/cem-healthz", "", nil)
		if err != nil || got.status != test.status || !strings.Contains(got.body, test.says) {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
		if got.status == 503 {
			if code, _ := got.message(t); code != "primary_unreachable" {
				t.Errorf("%s: code %q", test.name, code)
			}
		}
	}
	_, url, client := d.satellite(t, nil)
	remove := d.AddFault(codertest.Fault{Path: "/api", Status: 500})
	if got, err := send(client, http.MethodGet, url+"/cem-healthz", "", nil); err != nil || got.status != 503 {
		t.Errorf("while the primary fails: %+v, %v", got, err)
	}
	remove()
	if got, err := send(client, http.MethodGet, url+"/cem-healthz", "", nil); err != nil || got.status != 200 {
		t.Errorf("after that: %+v, %v", got, err)
	}
	d.Close()
	if got, err := send(client, http.MethodGet, url+"/api", "", nil); err != nil || got.status != http.StatusBadGateway {
		t.Errorf("without a primary: %+v, %v", got, err)
	}
}

// Invalid options, by the name of the environment variable.
func TestNewSatelliteErrors(t *testing.T) {
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaDER, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	const url = "https://coder.example.com"
	for _, test := range []struct{ primary, access, key, says string }{
		{"", url, key, "CODER_PRIMARY_ACCESS_URL"},
		{"coder.example.com", url, key, "CODER_PRIMARY_ACCESS_URL"},
		{"https://[", url, key, "CODER_PRIMARY_ACCESS_URL"},
		{url, "", key, "CODER_SATELLITE_ACCESS_URL"},
		{url, "https:///path", key, "CODER_SATELLITE_ACCESS_URL"},
		{url, url, "", "CODER_SATELLITE_PRIVATE_KEY: it is not in PEM form"},
		{url, url, "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n", "not an EC private key"},
		{url, url, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rsaDER})), "not an EC private key"},
	} {
		_, err := codertest.NewSatellite(codertest.SatelliteOptions{PrimaryURL: test.primary, AccessURL: test.access, PrivateKey: test.key})
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%q, %q: %v, want %q", test.primary, test.access, err, test.says)
		}
		if err != nil && test.key != "" && strings.Contains(err.Error(), test.key) {
			t.Errorf("the error shows the key: %v", err)
		}
	}
}

// Both forms of the same private key give the same satellite.
func TestPrivateKeyForms(t *testing.T) {
	sec1, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(sec1))
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	prints := map[string]bool{}
	for _, text := range []string{sec1, pkcs8, strings.TrimSpace(sec1)} {
		satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
			PrimaryURL: "https://p.example.com", AccessURL: "https://s.example.com", PrivateKey: text,
		})
		if err != nil {
			t.Fatal(err)
		}
		prints[satellite.Fingerprint()] = true
		satellite.Close()
	}
	if len(prints) != 1 {
		t.Errorf("the fingerprints are %v", prints)
	}
}
