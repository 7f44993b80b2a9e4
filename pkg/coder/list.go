package coder

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
)

// list is a list in an answer. It tells an empty list, which may be null, from
// an answer that holds none: what is not said must not be read as "there is none".
type list[T any] struct {
	items []T
	there bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (l *list[T]) UnmarshalJSON(data []byte) error {
	l.there = true
	return json.Unmarshal(data, &l.items)
}

// identified is what the API always gives an ID.
type identified interface{ id() string }

// of returns the items of a list in an answer. It is an error if the answer held
// no list, or an item without an ID.
func of[T identified](l list[T], c *Client, r request) ([]T, error) {
	if !l.there {
		return nil, c.incomplete(r, "the answer holds no list")
	}
	return withIDs(c, r, l.items)
}

// withIDs returns the items if each has an ID.
func withIDs[T identified](c *Client, r request, items []T) ([]T, error) {
	for _, item := range items {
		if item.id() == "" {
			return nil, c.incomplete(r, "an item of the answer has no ID")
		}
	}
	return items, nil
}

// readAll returns the items of an answer that is a list.
func readAll[T identified](ctx context.Context, c *Client, path string) ([]T, error) {
	var items []T
	r := request{method: http.MethodGet, path: path, repeatable: true}
	if _, err := c.do(ctx, r, &items); err != nil {
		return nil, err
	}
	return withIDs(c, r, items)
}

// readOne returns what an answer holds. It is an error, which calls it by its
// kind, if it has no ID.
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

// incomplete says that an answer of status 200 lacks what the API always says.
func (c *Client) incomplete(r request, what string) error {
	return fmt.Errorf("%s: %s: is it Coder's API?", c.named(r), what)
}
