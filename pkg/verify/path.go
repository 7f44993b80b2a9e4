package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
)

// path is one way to the workspace: through the satellite, or through the primary.
type path struct {
	client        *coder.Client
	result        *v1alpha1.Connection
	connection    connection
	took          []time.Duration
	sent          int
	lost, lastErr error // why the connection was lost, and why the last missing ping did not come back
	// stun makes the connection direct, if possible; patience is when a ping counts as lost.
	stun     []string
	patience time.Duration
}

func newPath(client *coder.Client, options Options) *path {
	return &path{client: client, result: &v1alpha1.Connection{URL: client.URL()}, patience: cmp.Or(options.Patience, pingTimeout)}
}

type connection interface {
	Ping(context.Context) (time.Duration, error)
	Route() (candidates []string, chosen string)
	Close() error
}

const (
	pingTimeout = 3 * time.Second        // when a ping counts as lost: other continents are some 300 ms away
	pingPause   = 200 * time.Millisecond // between the pings of a connection watched for a time
)

func (p *path) endpoint(workspaceID string) wsnet.Endpoint {
	return wsnet.Endpoint{
		Signal:    func(ctx context.Context) (net.Conn, error) { return p.client.DialAgent(ctx, workspaceID) },
		TURN:      p.client.DialTURN,
		AccessURL: p.client.URL(),
		STUN:      p.stun,
	}
}

func (p *path) connect(ctx context.Context, workspaceID string) {
	began := time.Now()
	connection, err := wsnet.Dial(ctx, p.endpoint(workspaceID))
	if err != nil {
		p.result.Stage, p.result.Message, p.result.Hint = string(wsnet.StageOf(err)), err.Error(), hint(err)
		return
	}
	p.connection, p.result.ConnectMicroseconds = connection, time.Since(began).Microseconds()
}

// ping sends one ping, if there is a connection and time. It does not count if the overall time ended the wait.
func (p *path) ping(ctx context.Context) {
	if !p.alive() || ctx.Err() != nil {
		return
	}
	pingCtx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	took, err := p.connection.Ping(pingCtx)
	if errors.Is(err, wsnet.ErrLost) {
		p.lost = err
	}
	switch {
	case err == nil:
		p.sent++
		p.took = append(p.took, took)
	case errors.Is(err, wsnet.ErrUnsent), p.lost == nil && ctx.Err() != nil:
	default:
		p.sent++
		p.lastErr = err
	}
}

func (p *path) alive() bool { return p.connection != nil && p.lost == nil }

// certain reports whether the remaining pings cannot change whether too many are lost.
func (p *path) certain(options Options) bool {
	allowed := options.MaxLoss * options.Pings / 100
	return p.sent-len(p.took) > allowed || len(p.took) >= max(options.Pings-allowed, 1)
}

// end closes the connection and summarises the pings, of which at most maxLoss percent may be lost.
func (p *path) end(maxLoss int) {
	if p.connection == nil {
		return
	}
	p.result.Candidates, p.result.Chosen = p.connection.Route()
	_ = p.connection.Close() // its results are known
	trip := summary(p.sent, p.took)
	p.result.RoundTrip, p.result.Connected = trip, len(p.took) > 0
	switch {
	case p.lost != nil:
		p.failed("after %d pings, of which %d came back: %v", p.sent, len(p.took), p.lost)
	case p.sent == 0:
		p.failed("connected, but there was no time for a ping: give more with --timeout")
		p.result.Hint = ""
	case len(p.took) == 0:
		p.failed("connected, but no ping came back: %v", p.lastErr)
	case trip.Lost*100 > maxLoss*trip.Sent:
		p.failed("%d of %d pings were lost, more than %d%%: %v", trip.Lost, trip.Sent, maxLoss, p.lastErr)
	}
}

func (p *path) failed(format string, args ...any) {
	p.result.Stage, p.result.Message, p.result.Hint = "ping", fmt.Sprintf(format, args...), hintPeer
}

func (p *path) well() bool { return p.result.Connected && p.result.Stage == "" }

// summary summarises pings. The median of an even number is the upper one.
func summary(sent int, took []time.Duration) *v1alpha1.RoundTrip {
	trip := &v1alpha1.RoundTrip{Sent: sent, Lost: sent - len(took)}
	if len(took) > 0 {
		sorted := slices.Sorted(slices.Values(took))
		trip.MinMicroseconds = sorted[0].Microseconds()
		trip.MedianMicroseconds = sorted[len(sorted)/2].Microseconds()
		trip.P95Microseconds = sorted[(95*len(sorted)+99)/100-1].Microseconds()
		trip.MaxMicroseconds = sorted[len(sorted)-1].Microseconds()
	}
	if len(took) > 1 {
		var differences time.Duration
		for i, one := range took[1:] {
			differences += (one - took[i]).Abs()
		}
		trip.JitterMicroseconds = differences.Microseconds() / int64(len(took)-1)
	}
	return trip
}

// What to do about a failure.
const (
	hintAgent = "rebuild the workspace if Networking v2 is on: one that was built before the switch runs no agent for it"
	hintRelay = "WebSockets to /api/private/turn must pass every proxy and ingress on the way"
	hintPeer  = "the workspace's pods must reach this access URL too: see their DNS, network policies and proxies"
)

// hint says what to do about a failure to connect; empty if the error says it, or if unknown.
func hint(err error) string {
	stage := wsnet.StageOf(err)
	if refused, is := errors.AsType[*coder.Error](err); is && stage == wsnet.StageBroker && refused.Status >= 500 {
		return hintAgent // most likely there is no agent
	}
	return map[wsnet.Stage]string{wsnet.StageRelay: hintRelay, wsnet.StageAgent: hintAgent, wsnet.StagePeer: hintPeer}[stage]
}
