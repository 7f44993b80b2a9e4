package coder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

// ReachAPI checks once, without a token, that the API itself answers, and not a proxy in front of it.
func (c *Client) ReachAPI(ctx context.Context) error {
	got, err := c.attempt(ctx, request{method: http.MethodGet, path: "/api", public: true}, nil)
	if err == nil && got.header.Get(versionHeader) == "" {
		return fmt.Errorf("GET %s/api: the answer names no version of Coder", c.base.Host)
	}
	return err
}

// ReachKey checks once, without a token, that a satellite serves a key.
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

// Reach checks once, without any credentials, that something answers at a path, with any status below 500.
func (c *Client) Reach(ctx context.Context, path string) error {
	_, err := c.attempt(ctx, request{method: http.MethodGet, path: path, public: true, anonymous: true}, nil)
	if refused, is := errors.AsType[*Error](err); is && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}
