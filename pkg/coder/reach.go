package coder

import (
	"context"
	"errors"
	"net/http"
)

// Reach asks once, without credentials, whether anybody answers at a path of the
// deployment. Any answer below 500 will do: what a proxy in front of it asks for is
// not asked here. The error says why nobody does.
func (c *Client) Reach(ctx context.Context, path string) error {
	_, err := c.attempt(ctx, request{method: http.MethodGet, path: path, public: true, anonymous: true}, nil)
	if refused := new(Error); errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}
