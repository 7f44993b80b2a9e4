package coder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// identified is whatever the API gives an ID.
type identified interface{ id() string }

func readAll[T identified](ctx context.Context, c *Client, path string) ([]T, error) {
	var items []T
	r := request{method: http.MethodGet, path: path, repeatable: true}
	if _, err := c.do(ctx, r, &items); err != nil {
		return nil, err
	}
	return withIDs(c, r, items)
}

// readListed returns the items of the list under a name in the answer.
func readListed[T identified](ctx context.Context, c *Client, path, name string) ([]T, error) {
	r := request{method: http.MethodGet, path: path, repeatable: true}
	items, err := readField[[]T](ctx, c, r, name)
	if err != nil {
		return nil, err
	}
	return withIDs(c, r, items)
}

// readField returns what the answer holds under a name: maybe null, but not absent, which is not "there is none".
func readField[T any](ctx context.Context, c *Client, r request, name string) (found T, err error) {
	var fields map[string]json.RawMessage
	got, err := c.do(ctx, r, &fields)
	if err != nil {
		return found, err
	}
	field, there := fields[name]
	if !there {
		return found, c.incomplete(r, "the answer holds no list")
	}
	err = c.decode(r, &answer{header: got.header, body: field}, &found)
	return found, err
}

func withIDs[T identified](c *Client, r request, items []T) ([]T, error) {
	for _, item := range items {
		if item.id() == "" {
			return nil, c.incomplete(r, "an item of the answer has no ID")
		}
	}
	return items, nil
}

// readOne returns what the answer holds. Without an ID it is an error that names the kind.
func readOne[T identified](ctx context.Context, c *Client, path, kind string) (found T, err error) {
	var nothing T
	r := request{method: http.MethodGet, path: path, repeatable: true}
	if _, err := c.do(ctx, r, &found); err != nil {
		return nothing, err
	}
	if found.id() == "" {
		return nothing, c.incomplete(r, "the answer holds no "+kind)
	}
	return found, nil
}

// incomplete says that an answer of status 200 lacks what the API always includes.
func (c *Client) incomplete(r request, what string) error {
	return fmt.Errorf("%s: %s: is it Coder's API?", c.named(r), what)
}
