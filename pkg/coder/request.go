package coder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// request is one call of the API.
type request struct {
	method string
	path   string // with its query
	body   any    // sent as JSON unless nil
	// repeatable tells that doing it twice is the same as doing it once.
	repeatable bool
	// public tells that it needs no token, and must not carry one.
	public bool
}

// answer is what came back, its body read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends the request and decodes the answer's JSON into out, unless out is
// nil. Repeatable requests are tried again after failures that may pass.
func (c *Client) do(ctx context.Context, r request, out any) (*answer, error) {
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("encode the body of %s %s: %w", r.method, r.path, err)
		}
	}
	for attempt := 1; ; attempt++ {
		got, err := c.attempt(ctx, r, body)
		if err == nil {
			return got, decode(r, got, out)
		}
		wait, again := retryAfter(err, attempt)
		mayRepeat := r.repeatable || notSent(err)
		if !again || !mayRepeat || attempt >= c.config.Attempts || ctx.Err() != nil {
			return nil, err
		}
		timer := c.config.Clock.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		case <-timer.C():
		}
	}
}

func (c *Client) attempt(ctx context.Context, r request, body []byte) (*answer, error) {
	attemptCtx, cancel := context.WithTimeoutCause(ctx, c.config.Timeout, &slowError{c.config.Timeout})
	defer cancel()
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	sent, err := http.NewRequestWithContext(attemptCtx, r.method, c.base.String()+r.path, reader)
	if err != nil {
		return nil, err
	}
	c.authorize(sent.Header, r.public)
	if body != nil {
		sent.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(sent)
	if err != nil {
		return nil, explainTransport(attemptCtx, c, r, err)
	}
	defer func() { _ = response.Body.Close() }()
	got := &answer{status: response.StatusCode, header: response.Header}
	got.body, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, explainTransport(attemptCtx, c, r, err)
	case len(got.body) > maxAnswer:
		return nil, fmt.Errorf("%s %s: the answer is longer than %d MiB; that is not Coder's API", r.method, c.base.Host+r.path, maxAnswer>>20)
	case got.status >= 300:
		return nil, newError(c, r, got)
	}
	return got, nil
}

// authorize adds what the deployment asks for to a request's header.
func (c *Client) authorize(header http.Header, public bool) {
	header.Set("Accept", "application/json")
	if c.config.UserAgent != "" {
		header.Set("User-Agent", c.config.UserAgent)
	}
	if c.config.AuthHeader != "" {
		header.Set("Authorization", c.config.AuthHeader)
	}
	if !public && c.config.Token != "" {
		header.Set("Session-Token", c.config.Token.Reveal())
	}
}

func decode(r request, got *answer, out any) error {
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		return fmt.Errorf("%s %s: the answer (%s) is not understood: %w", r.method, r.path, describeType(got.header), err)
	}
	return nil
}

func describeType(header http.Header) string {
	if t := header.Get("Content-Type"); t != "" {
		return t
	}
	return "of no content type"
}

// slowError is the cause of an attempt that took too long.
type slowError struct{ after time.Duration }

func (e *slowError) Error() string { return fmt.Sprintf("no complete answer within %s", e.after) }

// Is makes the error one of a deadline to those who ask.
func (e *slowError) Is(target error) bool { return errors.Is(target, context.DeadlineExceeded) }
