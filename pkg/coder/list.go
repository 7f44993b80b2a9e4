package coder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// identified is whatever the API gives an ID.
type identified interface{ id() string }

// readAll returns the items of the list that the answer is or, with a name, holds under that name.
func readAll[T identified](ctx context.Context, c *Client, path, name string) (items []T, err error) {
	r := request{method: http.MethodGet, path: path, repeatable: true}
	if name == "" {
		_, err = c.do(ctx, r, &items)
	} else {
		items, err = readField[[]T](ctx, c, r, name)
	}
	if err == nil && slices.ContainsFunc(items, func(item T) bool { return item.id() == "" }) {
		err = c.incomplete(r, "an item of the answer has no ID")
	}
	if err != nil {
		return nil, err
	}
	return items, nil
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

// readOne returns what the answer holds. Without an ID it is an error that names the kind.
func readOne[T identified](ctx context.Context, c *Client, path, kind string) (T, error) {
	var found, nothing T
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
