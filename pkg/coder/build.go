package coder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// BuildMessageType says what a message of a build log is about. Other types are stages of the build.
type BuildMessageType string

// Types of build messages.
const (
	BuildError BuildMessageType = "error" // the build has failed; done follows
	BuildDone  BuildMessageType = "done"  // the build has finished
)

// BuildMessage is one message of a workspace's build log.
type BuildMessage struct {
	ID          string           `json:"id"`
	WorkspaceID string           `json:"workspace_id"`
	BuildID     string           `json:"build_id"`
	Time        time.Time        `json:"time"`
	Type        BuildMessageType `json:"type"`
	Message     string           `json:"msg"`
}

const maxBuildMessage = 64 << 10

// BuildWatch follows the build log of one workspace.
type BuildWatch struct {
	connection *websocket.Conn
	client     *Client
}

// WatchBuild opens the build log of a workspace; open it before a rebuild to miss nothing. The caller must close it.
func (c *Client) WatchBuild(ctx context.Context, workspaceID string) (*BuildWatch, error) {
	connection, err := c.dialWebSocket(ctx, "/api/private/workspaces/"+url.PathEscape(workspaceID)+"/watch-update")
	if err != nil {
		return nil, err
	}
	connection.SetReadLimit(maxBuildMessage)
	return &BuildWatch{connection: connection, client: c}, nil
}

// Next waits for the next message. An error ends the log; only a message of type BuildDone ends the build.
func (w *BuildWatch) Next(ctx context.Context) (BuildMessage, error) {
	_, data, err := w.connection.Read(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return BuildMessage{}, fmt.Errorf("the build log was not followed to its end: %w", ctx.Err())
	case err != nil:
		return BuildMessage{}, fmt.Errorf("the build log ended early: %w", w.client.scrubError(err))
	}
	message, err := decodeBuildMessage(data)
	if err != nil {
		return BuildMessage{}, w.client.scrubError(err)
	}
	return message, nil
}
func decodeBuildMessage(data []byte) (BuildMessage, error) {
	var message BuildMessage
	if err := json.Unmarshal(data, &message); err != nil {
		return BuildMessage{}, fmt.Errorf("a message of the build log cannot be parsed: %w", err)
	}
	return message, nil
}

// Close closes the log.
func (w *BuildWatch) Close() { _ = w.connection.CloseNow() }
