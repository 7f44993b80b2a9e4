package coder

import (
	"context"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// dialWebSocket opens a WebSocket of the API. Its errors are those of a
// request: an *Error if the deployment refuses, else a *TransportError.
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
