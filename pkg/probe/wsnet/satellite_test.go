package wsnet_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// TestDialThroughSatellite proves that the satellite relays for both sides, and only while it is
// registered.
func TestDialThroughSatellite(t *testing.T) {
	authority, err := codertest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := authority.Issue("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.PEM())
	primary, err := codertest.NewPrimary(codertest.Options{Agents: true, Certificate: &certificate, AgentRootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer primary.Close()
	key, err := codertest.NewPrivateKey()
	if err != nil {
		t.Fatal(err)
	}
	satellite, err := codertest.NewSatellite(codertest.SatelliteOptions{
		PrimaryURL: primary.URL(), AccessURL: "https://127.0.0.1", PrivateKey: key, RootCAs: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer satellite.Close()
	server := httptest.NewUnstartedServer(satellite)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()

	operator := primary.AddUser("operator@example.com", codertest.RoleManager)
	on := true
	provider := primary.AddProvider(codertest.Provider{Name: "sydney", EnableNetV2: &on})
	workspace := primary.AddWorkspace(codertest.Workspace{
		Name: "canary", UserID: operator.ID, ResourcePoolID: provider.ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
	})
	waitFor(t, "the agent to connect", func() bool { return primary.AgentConnected(workspace.ID) })
	client := func(url string) *coder.Client {
		client, err := coder.New(coder.Config{URL: url, Token: coder.Token(primary.Token(operator.ID)), CAFile: caFile(t, authority.PEM())})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.CloseIdle)
		return client
	}
	through := client(server.URL)
	endpoint := wsnet.Endpoint{
		Signal:    func(ctx context.Context) (net.Conn, error) { return through.DialAgent(ctx, workspace.ID) },
		TURN:      through.DialTURN,
		AccessURL: through.URL(),
	}
	if _, err := wsnet.Dial(t.Context(), endpoint); wsnet.StageOf(err) != wsnet.StageBroker || !coder.IsForbidden(err) {
		t.Fatalf("through a satellite that is not registered: %v", err)
	}
	endpoint.Signal = func(ctx context.Context) (net.Conn, error) { return client(primary.URL()).DialAgent(ctx, workspace.ID) }
	if _, err := wsnet.Dial(t.Context(), endpoint); wsnet.StageOf(err) != wsnet.StageRelay || !coder.IsForbidden(err) {
		t.Fatalf("relayed by a satellite that is not registered: %v", err)
	}
	if _, err := client(primary.URL()).CreateSatellite(t.Context(), "sydney", satellite.PublicKey()); err != nil {
		t.Fatal(err)
	}
	endpoint.Signal = func(ctx context.Context) (net.Conn, error) { return through.DialAgent(ctx, workspace.ID) }
	connection, err := wsnet.Dial(t.Context(), endpoint)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connection.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := connection.Close(); err != nil {
		t.Error(err)
	}
	if primary.Relays() != 0 || satellite.Relays() < 1 {
		t.Errorf("the primary gave %d relays out, the satellite %d; want 0 and at least 1", primary.Relays(), satellite.Relays())
	}
	if n := primary.Count(http.MethodGet, "/api/private/envagent/*/connect"); n < 2 {
		t.Errorf("%d connections were brokered", n)
	}
}
