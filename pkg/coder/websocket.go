package coder

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/coder/websocket"
)

// dialWebSocket opens a WebSocket of the API. Its error is an *Error if the deployment refuses, else a *TransportError.
func (c *Client) dialWebSocket(ctx context.Context, path string) (*websocket.Conn, error) {
	r := request{method: http.MethodGet, path: path}
	if err := r.check(); err != nil {
		return nil, err
	}
	header := http.Header{}
	c.authorize(header, r)
	dialCtx, cancel := context.WithTimeoutCause(ctx, c.config.Timeout, &slowError{c.config.Timeout})
	defer cancel()
	//nolint:bodyclose // the library closes it ("You never need to close resp.Body yourself")
	connection, response, err := websocket.Dial(dialCtx, c.base.String()+path, &websocket.DialOptions{HTTPClient: c.http, HTTPHeader: header})
	if response != nil && response.StatusCode >= 300 {
		body, _ := io.ReadAll(response.Body) // the library has read up to 1 KiB of it
		return nil, newError(c, r, &answer{status: response.StatusCode, header: response.Header, body: body})
	}
	if err != nil {
		return nil, explainTransport(dialCtx, c, r, err)
	}
	return connection, nil
}

// agentPath leads to the broker between agents and their clients.
const agentPath = "/api/private/envagent/"

// DialAgent opens the byte stream on which a client negotiates with the agent of a workspace, through the deployment's
// broker (coder-cli v1.21, wsnet). Only the workspace's owner may. The caller must close the stream.
func (c *Client) DialAgent(ctx context.Context, workspaceID string) (net.Conn, error) {
	// the broker takes the token from the query, as a browser can set no header
	query := url.Values{"session_token": {c.config.Token.Reveal()}}
	return c.dialStream(ctx, agentPath+url.PathEscape(workspaceID)+"/connect?"+query.Encode())
}

// DialTURN opens the byte stream to the deployment's TURN server, a relay. The caller must close it.
func (c *Client) DialTURN(ctx context.Context) (net.Conn, error) {
	return c.dialStream(ctx, "/api/private/turn")
}

// dialStream opens a WebSocket whose binary messages form one byte stream. The context bounds only the opening.
func (c *Client) dialStream(ctx context.Context, path string) (net.Conn, error) {
	connection, err := c.dialWebSocket(ctx, path)
	if err != nil {
		return nil, err
	}
	return websocket.NetConn(context.WithoutCancel(ctx), connection, websocket.MessageBinary), nil
}

const maxSTUN = 8

// STUNServers returns the URLs of the deployment's STUN servers, at most eight. Clients and agents use them to reach each
// other directly (v1.22, "Direct workspace connections"). It returns none if the deployment does not offer that.
func (c *Client) STUNServers(ctx context.Context) ([]string, error) {
	r := request{method: http.MethodGet, path: "/api/private/webrtc/ice", repeatable: true}
	servers, err := readField[[]struct{ URLs []string }](ctx, c, r, "data")
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, server := range servers {
		urls = append(urls, server.URLs...)
	}
	urls = slices.DeleteFunc(urls, func(url string) bool { return !strings.HasPrefix(url, "stun:") })
	return urls[:min(len(urls), maxSTUN)], nil
}
