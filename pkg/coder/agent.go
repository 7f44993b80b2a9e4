package coder

import (
	"context"
	"net"
	"net/url"

	"github.com/coder/websocket"
)

// agentPath is that of the broker between agents and their clients.
const agentPath = "/api/private/envagent/"

// DialAgent opens the byte stream to the agent of a workspace, on which a
// client negotiates a connection with it: what the deployment's broker joins
// (coder-cli v1.21, wsnet). Only the workspace's owner may. It must be closed.
func (c *Client) DialAgent(ctx context.Context, workspaceID string) (net.Conn, error) {
	// the broker takes the token from the query, as a browser can set no header
	query := url.Values{"session_token": {c.config.Token.Reveal()}}
	return c.dialStream(ctx, agentPath+url.PathEscape(workspaceID)+"/connect?"+query.Encode())
}

// DialTURN opens the byte stream to the TURN server of the deployment, which
// relays between clients and agents. It must be closed.
func (c *Client) DialTURN(ctx context.Context) (net.Conn, error) {
	return c.dialStream(ctx, "/api/private/turn")
}

// dialStream opens a WebSocket whose binary messages are one byte stream. The
// context bounds the opening, not the stream.
func (c *Client) dialStream(ctx context.Context, path string) (net.Conn, error) {
	connection, err := c.dialWebSocket(ctx, path)
	if err != nil {
		return nil, err
	}
	return websocket.NetConn(context.WithoutCancel(ctx), connection, websocket.MessageBinary), nil
}
