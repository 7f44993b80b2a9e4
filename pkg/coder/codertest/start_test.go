package codertest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// deployment is a primary with one user for each role.
type deployment struct {
	*codertest.Primary
	client *http.Client
	users  map[string]codertest.User
	tokens map[string]string // by role; "" is no token
}

func start(t *testing.T, options codertest.Options) *deployment {
	t.Helper()
	primary, err := codertest.NewPrimary(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	d := &deployment{Primary: primary, client: trusting(t, primary.CA()), users: map[string]codertest.User{}, tokens: map[string]string{"": ""}}
	for _, role := range []string{codertest.RoleAdmin, codertest.RoleManager, codertest.RoleAuditor, codertest.RoleMember} {
		user := primary.AddUser(strings.TrimPrefix(role, "site-")+"@example.com", role)
		d.users[role], d.tokens[role] = user, primary.Token(user.ID)
	}
	return d
}

func roots(t *testing.T, ca []byte) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		t.Fatal("the authority is not PEM")
	}
	return pool
}

// trusting returns a client that trusts the authority.
func trusting(t *testing.T, ca []byte) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots(t, ca)}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second}
}

// answer is a complete answer of the API.
type answer struct {
	status int
	header http.Header
	body   string
}

// message decodes an error in the API's form.
func (a answer) message(t *testing.T) (code, message string) {
	t.Helper()
	var envelope struct {
		Error *struct {
			Msg     string `json:"msg"`
			Code    string `json:"code"`
			Details any    `json:"details"`
		} `json:"error"`
	}
	if err := json.Unmarshal([]byte(a.body), &envelope); err != nil || envelope.Error == nil || envelope.Error.Msg == "" {
		t.Fatalf("status %d: not an error in the API's form: %q (%v)", a.status, a.body, err)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("content type %q", got)
	}
	return envelope.Error.Code, envelope.Error.Msg
}

// decode decodes the answer's body.
func decode[T any](t *testing.T, a answer) (value T) {
	t.Helper()
	if a.status >= 300 {
		t.Fatalf("status %d: %s", a.status, a.body)
	}
	if err := json.Unmarshal([]byte(a.body), &value); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return value
}

// send sends a request. A body that is not a string is sent as JSON.
func send(client *http.Client, method, url, token string, body any) (answer, error) {
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		data, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequest(method, url, reader)
	if err != nil {
		return answer{}, err
	}
	if token != "" {
		request.Header.Set("Session-Token", token)
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(data)}, err
}

// call sends a request to the primary with the role's token.
func (d *deployment) call(t *testing.T, role, method, path string, body any) answer {
	t.Helper()
	got, err := send(d.client, method, d.URL()+path, d.tokens[role], body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return got
}

// manager sends a request as a site manager, and expects this status.
func (d *deployment) manager(t *testing.T, method, path string, body any, status int) answer {
	t.Helper()
	got := d.call(t, codertest.RoleManager, method, path, body)
	if got.status != status {
		t.Fatalf("%s %s: status %d, want %d: %s", method, path, got.status, status, got.body)
	}
	return got
}

// satellite starts a satellite of the primary, served over TLS.
func (d *deployment) satellite(t *testing.T, change func(*codertest.SatelliteOptions)) (satellite *codertest.Satellite, url string, client *http.Client) {
	t.Helper()
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	options := codertest.SatelliteOptions{
		PrimaryURL: d.URL(), AccessURL: "https://satellite.example.com", PrivateKey: key, RootCAs: roots(t, d.CA()),
	}
	if change != nil {
		change(&options)
	}
	satellite, err = codertest.NewSatellite(options)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewTLSServer(satellite)
	client = server.Client()
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
		satellite.Close()
	})
	return satellite, server.URL, client
}

// register registers the satellite, and returns the registration's ID.
func (d *deployment) register(t *testing.T, name string, satellite *codertest.Satellite) string {
	t.Helper()
	created := decode[struct {
		Data codertest.Registration `json:"data"`
	}](t, d.manager(t, http.MethodPost, "/api/private/satellites", map[string]string{
		"name": name, "public_key": satellite.PublicKey(),
	}, http.StatusCreated))
	return created.Data.ID
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("%s: not in time", what)
		}
	}
}
