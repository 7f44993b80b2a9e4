package verify

import (
	"context"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe/wsnet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Kept is a connection to a workspace that is made again when it is lost. It must not be
// used by two at once.
type Kept struct {
	path       *path
	workspace  string
	done       func()
	connection *wsnet.Conn
}

// Keep returns a connection to a workspace of the operator's as users have it: through
// the region's satellite or, in a region without one, through the primary. It connects
// when it is first asked to ping. s must know what Users needs.
func Keep(source *snapshot.Source, s *snapshot.Snapshot, workspaceID string) (*Kept, error) {
	users, done, err := usersPath(source, s, Options{})
	if err != nil {
		return nil, err
	}
	return &Kept{path: users, workspace: workspaceID, done: done}, nil
}

// URL is the access URL that it goes through.
func (k *Kept) URL() string { return k.path.client.URL() }

// Ping sends a ping, and connects first where there is no connection. The error says
// why it did not come back.
func (k *Kept) Ping(ctx context.Context) error {
	if k.connection == nil {
		connection, err := wsnet.Dial(ctx, k.path.endpoint(k.workspace))
		if err != nil {
			return err
		}
		k.connection = connection
	}
	_, err := k.connection.Ping(ctx)
	if err != nil { // a lost one is noticed late: the next is another's
		_ = k.connection.Close()
		k.connection = nil
	}
	return err
}

// Close ends the connection.
func (k *Kept) Close() {
	if k.connection != nil {
		_ = k.connection.Close()
	}
	k.done()
}
