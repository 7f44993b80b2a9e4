package wsnet_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a primary with a workspace whose agent is connected.
type world struct {
	primary   *codertest.Primary
	client    *coder.Client
	workspace codertest.Workspace
}

func newWorld(t *testing.T) *world {
	t.Helper()
	primary, err := codertest.NewPrimary(codertest.Options{Agents: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(primary.Close)
	user := primary.AddUser("operator@example.com", codertest.RoleManager)
	on := true
	provider := primary.AddProvider(codertest.Provider{Name: "sydney", EnableNetV2: &on})
	w := &world{primary: primary, workspace: primary.AddWorkspace(codertest.Workspace{
		Name: "canary", UserID: user.ID, ResourcePoolID: provider.ID, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"},
	})}
	w.client = clientOf(t, primary, primary.Token(user.ID))
	waitFor(t, "the agent to connect", func() bool { return primary.AgentConnected(w.workspace.ID) })
	return w
}

func clientOf(t *testing.T, primary *codertest.Primary, token string) *coder.Client {
	t.Helper()
	client, err := coder.New(coder.Config{URL: primary.URL(), Token: coder.Token(token), CAFile: caFile(t, primary.CA())})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdle)
	return client
}

func (w *world) endpoint() wsnet.Endpoint {
	return wsnet.Endpoint{
		Signal:    func(ctx context.Context) (net.Conn, error) { return w.client.DialAgent(ctx, w.workspace.ID) },
		TURN:      w.client.DialTURN,
		AccessURL: w.client.URL(),
	}
}

func TestDial(t *testing.T) {
	w := newWorld(t)
	connection, err := wsnet.Dial(t.Context(), w.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		took, err := connection.Ping(t.Context())
		if err != nil || took <= 0 {
			t.Errorf("ping: %s, %v", took, err)
		}
	}
	if n := w.primary.Relays(); n < 1 {
		t.Errorf("%d relays were given out: the connection went another way", n)
	}
	if err := connection.Close(); err != nil {
		t.Error(err)
	}
	if _, err := connection.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "the connection to the agent is lost") {
		t.Errorf("a ping on a closed connection: %v", err)
	}
}

// If a deployment offers direct connections, nothing is relayed unnecessarily, and an unreachable
// TURN server does no harm.
func TestDialDirect(t *testing.T) {
	w := newWorld(t)
	if stun, err := w.client.STUNServers(t.Context()); err != nil || len(stun) > 0 {
		t.Fatalf("it offers %v: %v", stun, err)
	}
	if err := w.primary.OfferDirect(true); err != nil {
		t.Fatal(err)
	}
	stun, err := w.client.STUNServers(t.Context())
	if err != nil || len(stun) != 1 {
		t.Fatalf("it offers %v: %v", stun, err)
	}
	for name, fault := range map[string]codertest.Fault{
		"":         {Path: "/none"},
		"no relay": {Path: "/api/private/turn", Status: 502},
	} {
		remove := w.primary.AddFault(fault)
		endpoint := w.endpoint()
		endpoint.STUN = stun
		connection, err := wsnet.Dial(t.Context(), endpoint)
		if err != nil {
			t.Fatal(name, err)
		}
		if _, err := connection.Ping(t.Context()); err != nil {
			t.Error(name, err)
		}
		candidates, chosen := connection.Route()
		if !slices.Contains(candidates, "host") || strings.Contains(chosen, "relay") || chosen == "" {
			t.Errorf("%s: offered %v, chosen %q", name, candidates, chosen)
		}
		_ = connection.Close()
		remove()
	}
}

// A connection reports its route, and a ping takes at least as long as the network's round trip.
func TestRelayedFarAway(t *testing.T) {
	const roundTrip = 80 * time.Millisecond
	w := newWorld(t)
	w.primary.Network().Set(roundTrip, 0)
	connection, err := wsnet.Dial(t.Context(), w.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if took, err := connection.Ping(t.Context()); err != nil || took < roundTrip {
		t.Errorf("a ping took %s: %v", took, err)
	}
	if candidates, chosen := connection.Route(); !slices.Equal(candidates, []string{"relay"}) || !strings.HasPrefix(chosen, "relay-") {
		t.Errorf("offered %v, chosen %q", candidates, chosen)
	}
}

// A packet that the network loses is a lost ping, not a late one.
func TestLossIsSeen(t *testing.T) {
	w := newWorld(t)
	connection, err := wsnet.Dial(t.Context(), w.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	lost := func() (lost int) {
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			if _, err := connection.Ping(ctx); err != nil {
				lost++
			}
			cancel()
		}
		return lost
	}
	if n := lost(); n > 0 {
		t.Errorf("%d of 20 pings were lost without packet loss", n)
	}
	w.primary.Network().Set(0, 30)
	if n := lost(); n < 5 {
		t.Errorf("only %d of 20 pings were lost with 30%% packet loss each way", n)
	}
}

// TestAgentEnds proves that pings report that the agent is gone, and not only that no answer
// came.
func TestAgentEnds(t *testing.T) {
	w := newWorld(t)
	connection, err := wsnet.Dial(t.Context(), w.endpoint())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = connection.Close() }()
	if _, err := connection.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.client.Rebuild(t.Context(), w.workspace.ID); err != nil { // ends the agent
		t.Fatal(err)
	}
	waitFor(t, "the connection to be lost", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := connection.Ping(ctx)
		return errors.Is(err, wsnet.ErrLost)
	})
}

func waitFor(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("did not happen in time: %s", what)
		}
	}
}
