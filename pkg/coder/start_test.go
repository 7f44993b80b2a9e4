package coder_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(asProxyClient); url != "" {
		askThroughProxy(url, os.Stdout)
		return
	}
	goleak.VerifyTestMain(m)
}

// hurried is a clock whose timers fire at once. It records their durations.
type hurried struct {
	clock.RealClock
	mu    sync.Mutex
	waits []time.Duration
}

func (h *hurried) After(d time.Duration) <-chan time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.waits = append(h.waits, d)
	return h.RealClock.After(0)
}

// deployment is a primary that has every resource that the calls need.
type deployment struct {
	*codertest.Primary
	caFile    string
	manager   codertest.User
	token     string
	provider  codertest.Provider
	workspace codertest.Workspace
	clock     *hurried
}

func start(t *testing.T, options codertest.Options) *deployment {
	t.Helper()
	primary, err := codertest.NewPrimary(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	d := &deployment{Primary: primary, clock: &hurried{}, manager: primary.AddUser("manager@example.com", codertest.RoleManager)}
	d.token = primary.Token(d.manager.ID)
	d.provider = primary.AddProvider(codertest.Provider{Name: "sydney", Config: codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1"}})
	d.workspace = primary.AddWorkspace(codertest.Workspace{Name: "canary", UserID: d.manager.ID, ResourcePoolID: d.provider.ID})
	d.caFile = write(t, "ca.pem", string(primary.CA()))
	return d
}

// config is how the manager reaches the primary.
func (d *deployment) config() coder.Config {
	return coder.Config{URL: d.URL(), Token: coder.Token(d.token), CAFile: d.caFile, Clock: d.clock, UserAgent: "test/1"}
}

func (d *deployment) client(t *testing.T) *coder.Client {
	t.Helper()
	return open(t, d.config())
}

func open(t *testing.T, config coder.Config) *coder.Client {
	t.Helper()
	client, err := coder.New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}

// serve serves over plain HTTP on loopback, and returns a client for it.
func serve(t *testing.T, handler http.HandlerFunc) *coder.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return open(t, coder.Config{URL: server.URL, Token: "the-token", Clock: &hurried{}})
}

// says answers every request with a status and a body.
func says(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = fmt.Fprint(w, body)
	}
}

func write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// call is one method of the client.
type call struct {
	name string
	// method and path of the request that it sends.
	method, path string
	// once is set if the call must not be repeated.
	once bool
	do   func(context.Context, *coder.Client) (any, error)
}

const somePEM = "-----BEGIN PUBLIC KEY-----\n" +
	"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n" +
	"q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n" +
	"-----END PUBLIC KEY-----\n"

// calls are all methods of the client except WatchBuild.
func calls(providerID, workspaceID string) []call {
	pool, workspace := "/api/private/resource-pools/"+providerID, "/api/v0/workspaces/"+workspaceID
	type ctx = context.Context
	type client = *coder.Client
	return []call{
		{"Version", "GET", "/api", false, func(ctx ctx, c client) (any, error) { return c.Version(ctx) }},
		{"Me", "GET", "/api/v0/users/me", false, func(ctx ctx, c client) (any, error) { return c.Me(ctx) }},
		{"Users", "GET", "/api/v0/users", false, func(ctx ctx, c client) (any, error) { return c.Users(ctx) }},
		{"Providers", "GET", "/api/private/resource-pools", false, func(ctx ctx, c client) (any, error) { return c.Providers(ctx) }},
		{"Provider", "GET", pool, false, func(ctx ctx, c client) (any, error) { return c.Provider(ctx, providerID) }},
		{"SetNetworkingV2", "PATCH", pool, false, func(ctx ctx, c client) (any, error) { return nil, c.SetNetworkingV2(ctx, providerID, true) }},
		{"CordonProvider", "POST", pool + "/cordon", false, func(ctx ctx, c client) (any, error) { return nil, c.CordonProvider(ctx, providerID, "full") }},
		{"UncordonProvider", "POST", pool + "/uncordon", false, func(ctx ctx, c client) (any, error) { return nil, c.UncordonProvider(ctx, providerID) }},
		{"ProviderWorkspaces", "GET", pool + "/workspaces", false, func(ctx ctx, c client) (any, error) { return c.ProviderWorkspaces(ctx, providerID) }},
		{"Satellites", "GET", "/api/private/satellites", false, func(ctx ctx, c client) (any, error) { return c.Satellites(ctx) }},
		{"CreateSatellite", "POST", "/api/private/satellites", true, func(ctx ctx, c client) (any, error) { return c.CreateSatellite(ctx, "sydney", somePEM) }},
		{"DeleteSatellite", "DELETE", "/api/private/satellites/s", false, func(ctx ctx, c client) (any, error) { return nil, c.DeleteSatellite(ctx, "s") }},
		{"SatelliteKey", "GET", "/api/private/satellites/key", false, func(ctx ctx, c client) (any, error) { return c.SatelliteKey(ctx) }},
		{"Workspaces", "GET", "/api/v0/workspaces", false, func(ctx ctx, c client) (any, error) {
			return c.Workspaces(ctx, "ann")
		}},
		{"Workspace", "GET", workspace, false, func(ctx ctx, c client) (any, error) { return c.Workspace(ctx, workspaceID) }},
		{"Rebuild", "PATCH", workspace, true, func(ctx ctx, c client) (any, error) { return nil, c.Rebuild(ctx, workspaceID) }},
	}
}

func (d *deployment) calls() []call { return calls(d.provider.ID, d.workspace.ID) }
