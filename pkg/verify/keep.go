package verify

import (
	"context"
	"errors"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

const (
	dialTimeout = 15 * time.Second // as Coder's own clients
	keptPing    = time.Second
	maxLost     = 3 // pings in a row, after which it connects again
)

// Kept is a connection to a workspace that reconnects when it is lost. It is not safe for concurrent use.
type Kept struct {
	endpoint   wsnet.Endpoint
	ctx        context.Context // of connecting, which outlives a Ping
	cancel     context.CancelFunc
	idle       func() // closes the client's connections
	connection *wsnet.Conn
	dialing    chan dialed // nil unless connecting
}

type dialed struct {
	connection *wsnet.Conn
	err        error
}

// Keep returns a connection to a workspace of the operator's as users have it: through the region's satellite or, in a
// region without one, through the primary. It connects at the first Ping. s must hold what Users needs.
func Keep(source *snapshot.Source, s *snapshot.Snapshot, workspaceID string) (*Kept, error) {
	users, err := usersPath(source, s, Options{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Kept{endpoint: users.endpoint(workspaceID), ctx: ctx, cancel: cancel, idle: users.client.CloseIdle}, nil
}

// URL is the access URL that the connection goes through.
func (k *Kept) URL() string { return k.endpoint.AccessURL }

// Ping returns nil if a ping comes back, of up to three, one a second: users notice a lost one as a hitch only. Without a
// connection it waits for one. The error says why there was no answer before ctx ended.
func (k *Kept) Ping(ctx context.Context) error {
	if err := k.connect(ctx); err != nil {
		return err
	}
	var err error
	for range maxLost {
		once, cancel := context.WithTimeout(ctx, keptPing)
		_, err = k.connection.Ping(once)
		cancel()
		if err == nil {
			return nil
		}
		if errors.Is(err, wsnet.ErrLost) || ctx.Err() != nil {
			break
		}
	}
	_ = k.connection.Close()
	k.connection = nil
	return err
}

// connect waits for a connection, and begins to connect if necessary.
func (k *Kept) connect(ctx context.Context) error {
	if k.connection != nil {
		return nil
	}
	if k.dialing == nil {
		made := make(chan dialed, 1)
		k.dialing = made
		go func() {
			ctx, cancel := context.WithTimeout(k.ctx, dialTimeout)
			defer cancel()
			connection, err := wsnet.Dial(ctx, k.endpoint)
			made <- dialed{connection, err}
		}()
	}
	select {
	case got := <-k.dialing:
		k.connection, k.dialing = got.connection, nil
		return got.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the connection, and waits for its end.
func (k *Kept) Close() {
	k.cancel()
	if k.dialing != nil {
		k.connection = (<-k.dialing).connection
	}
	if k.connection != nil {
		_ = k.connection.Close()
	}
	k.idle()
}
