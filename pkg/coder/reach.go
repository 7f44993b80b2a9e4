package coder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// ReachAPI asks once, without a token, whether the deployment's API answers: what a
// proxy in front of it says does not count. The error says why it does not.
func (c *Client) ReachAPI(ctx context.Context) error {
	got, err := c.attempt(ctx, request{method: http.MethodGet, path: "/api", public: true}, nil)
	if err == nil && got.header.Get(versionHeader) == "" {
		return fmt.Errorf("GET %s/api: the answer names no version of Coder", c.base.Host)
	}
	return err
}

// ReachKey asks once, without a token, whether a satellite serves a key. The error says
// why none does.
func (c *Client) ReachKey(ctx context.Context) error {
	got, err := c.attempt(ctx, request{method: http.MethodGet, path: keyPath, public: true}, nil)
	if err != nil {
		return err
	}
	var key SatelliteKey
	if json.Unmarshal(got.body, &key) != nil || key.Key == "" {
		return fmt.Errorf("GET %s%s: the answer holds no key", c.base.Host, keyPath)
	}
	return nil
}

// Reach asks once, without any credentials, whether something answers at a path, with
// whatever it may be below 500. The error says why nothing does.
func (c *Client) Reach(ctx context.Context, path string) error {
	_, err := c.attempt(ctx, request{method: http.MethodGet, path: path, public: true, anonymous: true}, nil)
	if refused := new(Error); errors.As(err, &refused) && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}
