package verify

import (
	"context"
	"errors"
	"net"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// path is one way to the workspace: through the satellite, or the primary.
type path struct {
	client     *coder.Client
	result     *v1alpha1.Connection
	connection *wsnet.Conn
	took       []time.Duration
	sent       int
	lastErr    error
}

// pingTimeout is when a ping is lost: other continents are some 300 ms away.
const pingTimeout = 3 * time.Second

// connect opens the connection, or says in the result why there is none.
func (p *path) connect(ctx context.Context, workspaceID string) {
	began := time.Now()
	connection, err := wsnet.Dial(ctx, wsnet.Endpoint{
		Signal:    func(ctx context.Context) (net.Conn, error) { return p.client.DialAgent(ctx, workspaceID) },
		TURN:      p.client.DialTURN,
		AccessURL: p.client.URL(),
	})
	if err != nil {
		p.result.Stage, p.result.Message, p.result.Hint = string(wsnet.StageOf(err)), err.Error(), hint(err)
		return
	}
	p.connection, p.result.ConnectMicroseconds = connection, time.Since(began).Microseconds()
}

// ping sends one ping, if there is a connection.
func (p *path) ping(ctx context.Context) {
	if p.connection == nil {
		return
	}
	pingCtx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	p.sent++
	took, err := p.connection.Ping(pingCtx)
	if err != nil {
		p.lastErr = err
		return
	}
	p.took = append(p.took, took)
}

// end closes the connection and sums the pings up.
func (p *path) end() {
	if p.connection == nil {
		return
	}
	_ = p.connection.Close() // it has served
	p.result.RoundTrip = summary(p.sent, p.took)
	p.result.Connected = len(p.took) > 0
	if !p.result.Connected {
		p.result.Stage, p.result.Message = "ping", "connected, but no ping came back: "+p.lastErr.Error()
		p.result.Hint = hintPeer
	}
}

// summary sums pings up. The median of an even number is the upper one.
func summary(sent int, took []time.Duration) *v1alpha1.RoundTrip {
	trip := &v1alpha1.RoundTrip{Sent: sent, Lost: sent - len(took)}
	if len(took) > 0 {
		sorted := slices.Sorted(slices.Values(took))
		trip.MinMicroseconds = sorted[0].Microseconds()
		trip.MedianMicroseconds = sorted[len(sorted)/2].Microseconds()
		trip.MaxMicroseconds = sorted[len(sorted)-1].Microseconds()
	}
	return trip
}

// What to do about a failure.
const (
	hintAgent = "rebuild the workspace: one that was built before the switch to Networking v2 runs no agent for it"
	hintRelay = "WebSockets to /api/private/turn must pass every proxy and ingress on the way"
	hintPeer  = "the workspace's pods must reach this access URL, too: see their DNS, network policies and proxies"
)

// hint says what to do about a failure to connect; empty if the error says it,
// or nothing is known.
func hint(err error) string {
	switch wsnet.StageOf(err) {
	case wsnet.StageBroker:
		if refused := new(coder.Error); errors.As(err, &refused) && refused.Status >= 500 {
			return hintAgent // that is missing, most likely
		}
		return ""
	case wsnet.StageRelay:
		return hintRelay
	case wsnet.StageAgent:
		return hintAgent
	case wsnet.StagePeer:
		return hintPeer
	default:
		return ""
	}
}
