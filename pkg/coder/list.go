package coder

import (
	"encoding/json"
	"fmt"
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

// of returns the items. It is an error if the answer held no list, or an item
// without an ID.
func (l *list[T]) of(c *Client, r request, id func(T) string) ([]T, error) {
	if !l.there {
		return nil, c.incomplete(r, "the answer holds no list")
	}
	return identified(c, r, l.items, id)
}

// identified returns the items if each has an ID.
func identified[T any](c *Client, r request, items []T, id func(T) string) ([]T, error) {
	for _, item := range items {
		if id(item) == "" {
			return nil, c.incomplete(r, "an item of the answer has no ID")
		}
	}
	return items, nil
}

// incomplete says that an answer of status 200 lacks what the API always says.
func (c *Client) incomplete(r request, what string) error {
	return fmt.Errorf("%s: %s: is it Coder's API?", c.named(r), what)
}
