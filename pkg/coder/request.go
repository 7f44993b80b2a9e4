package coder

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type request struct {
	method     string
	path       string // with its query
	body       any    // sent as JSON unless nil
	repeatable bool   // doing it twice is the same as doing it once
	public     bool   // it needs no token, and must not carry one
	anonymous  bool   // it must not carry the AuthHeader either: the server is not yet known
}

// shownPath is the path without its query, which may hold people's names.
func (r request) shownPath() string {
	path, _, _ := strings.Cut(r.path, "?")
	return path
}

// check refuses a path that an empty or odd ID would turn into another resource's, such as that of the list.
func (r request) check() error {
	for segment := range strings.SplitSeq(strings.TrimPrefix(r.shownPath(), "/"), "/") {
		if segment == "" || segment == "." || segment == ".." {
			return fmt.Errorf("%s %s: %q is not an ID; nothing was sent", r.method, r.shownPath(), segment)
		}
	}
	return nil
}

func (c *Client) named(r request) string { return r.method + " " + c.base.Host + r.shownPath() }

// answer is a response, its body read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends the request, a repeatable one several times if need be, and decodes the answer's JSON into out unless it is nil.
func (c *Client) do(ctx context.Context, r request, out any) (*answer, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
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
			return got, c.decode(r, got, out)
		}
		wait, again := retryAfter(err, attempt)
		mayRepeat := r.repeatable || notSent(err)
		if !again || !mayRepeat || attempt >= c.config.Attempts || ctx.Err() != nil {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-c.config.Clock.After(wait):
		}
	}
}

// change makes a repeatable change, and ignores the answer's content.
func (c *Client) change(ctx context.Context, method, path string, body any) error {
	_, err := c.do(ctx, request{method: method, path: path, body: body, repeatable: true}, nil)
	return err
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
	c.authorize(sent.Header, r)
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
		return nil, fmt.Errorf("%s: the answer is longer than %d MiB; that is not Coder's API", c.named(r), maxAnswer>>20)
	case got.status >= 300:
		return nil, newError(c, r, got)
	}
	return got, nil
}

// Reach checks once, without any credentials, that something answers at a path, with any status below 500.
func (c *Client) Reach(ctx context.Context, path string) error {
	_, err := c.attempt(ctx, request{method: http.MethodGet, path: path, public: true, anonymous: true}, nil)
	if refused, is := errors.AsType[*Error](err); is && refused.Status < http.StatusInternalServerError {
		return nil
	}
	return err
}

func (c *Client) authorize(header http.Header, r request) {
	header.Set("Accept", "application/json")
	if c.config.UserAgent != "" {
		header.Set("User-Agent", c.config.UserAgent)
	}
	if !r.anonymous && c.config.AuthHeader != "" {
		header.Set("Authorization", c.config.AuthHeader.Reveal())
	}
	if !r.public && c.config.Token != "" {
		header.Set("Session-Token", c.config.Token.Reveal())
	}
}

// decode reads the answer's JSON into out. A web page is no answer of the API, whatever its status: a proxy that wants a
// login sends one, and a change that it answered was not made.
func (c *Client) decode(r request, got *answer, out any) error {
	if out == nil && (r.method == http.MethodGet || !isPage(got.header)) {
		return nil
	}
	if isPage(got.header) {
		return fmt.Errorf("%s: the answer (%s) is not from Coder's API; a proxy in between may have sent it", c.named(r), c.describeType(got.header))
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		return fmt.Errorf("%s: the answer (%s) cannot be parsed: %w", c.named(r), c.describeType(got.header), c.scrubError(err))
	}
	return nil
}

func isPage(header http.Header) bool {
	return strings.HasPrefix(strings.ToLower(header.Get("Content-Type")), "text/html")
}

func (c *Client) describeType(header http.Header) string {
	return cmp.Or(c.scrub(header.Get("Content-Type")), "of no content type")
}

type slowError struct{ after time.Duration }

func (e *slowError) Error() string { return fmt.Sprintf("no complete answer within %s", e.after) }

func (e *slowError) Is(target error) bool { return target == context.DeadlineExceeded }
