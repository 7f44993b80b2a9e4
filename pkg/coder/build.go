package coder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/coder/websocket"
)

// BuildMessageType tells what a message of a build log is about.
type BuildMessageType string

// Types of build messages.
const (
	BuildStart    BuildMessageType = "start"
	BuildStage    BuildMessageType = "stage"
	BuildSubstage BuildMessageType = "substage"
	BuildError    BuildMessageType = "error" // the build has failed; done follows
	BuildDone     BuildMessageType = "done"  // the build is over
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

// maxBuildMessage is the longest build message that is read.
const maxBuildMessage = 64 << 10

// BuildWatch follows the build log of one workspace.
type BuildWatch struct {
	connection *websocket.Conn
	client     *Client
}

// WatchBuild opens the build log of a workspace. Opened before a rebuild is
// asked for, it misses no message of it. It must be closed.
func (c *Client) WatchBuild(ctx context.Context, workspaceID string) (*BuildWatch, error) {
	connection, err := c.dialWebSocket(ctx, "/api/private/workspaces/"+url.PathEscape(workspaceID)+"/watch-update")
	if err != nil {
		return nil, err
	}
	connection.SetReadLimit(maxBuildMessage)
	return &BuildWatch{connection: connection, client: c}, nil
}

// Next waits for the next message. Any error means that the log is over; that
// the build is, only a message of type BuildDone says.
func (w *BuildWatch) Next(ctx context.Context) (BuildMessage, error) {
	_, data, err := w.connection.Read(ctx)
	if err != nil && ctx.Err() != nil {
		return BuildMessage{}, fmt.Errorf("the build log was not followed to its end: %w", ctx.Err())
	}
	if err != nil {
		return BuildMessage{}, fmt.Errorf("the build log broke off: %w", w.client.scrubError(err))
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
		return BuildMessage{}, fmt.Errorf("a message of the build log is not understood: %w", err)
	}
	return message, nil
}

// Close closes the log.
func (w *BuildWatch) Close() { _ = w.connection.CloseNow() }
