package coder

import (
	"context"
	"net/url"
	"time"

	"github.com/coder/websocket/wsjson"
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

// WatchBuild follows the build log of a workspace; call it before a rebuild to miss nothing. The channel is closed at the
// end of the log, which may come early, and when ctx ends. Only a message of type BuildDone ends the build.
func (c *Client) WatchBuild(ctx context.Context, workspaceID string) (<-chan BuildMessage, error) {
	connection, err := c.dialWebSocket(ctx, "/api/private/workspaces/"+url.PathEscape(workspaceID)+"/watch-update")
	if err != nil {
		return nil, err
	}
	connection.SetReadLimit(maxBuildMessage)
	messages := make(chan BuildMessage)
	go func() {
		defer close(messages)
		defer func() { _ = connection.CloseNow() }()
		for {
			var message BuildMessage
			if wsjson.Read(ctx, connection, &message) != nil {
				return
			}
			select {
			case messages <- message:
			case <-ctx.Done():
				return
			}
		}
	}()
	return messages, nil
}
