package coder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is an answer of status 300 or above.
type Error struct {
	Method, Host, Path string
	Status             int
	Code, Message      string // the API's own; empty if the answer was not the API's
	Foreign            string // an answer that is not the API's, for example "text/html"; otherwise empty
	Advice             string // what to do; may be empty

	retryAfter time.Duration
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s %s%s: %d %s", e.Method, e.Host, e.Path, e.Status, strings.ToLower(http.StatusText(e.Status)))
	switch {
	case e.Message != "":
		text += ": " + e.Message
	case e.Foreign != "":
		text += fmt.Sprintf(": the answer (%s) is not from Coder's API; a proxy in between may have sent it", e.Foreign)
	}
	if e.Advice != "" {
		text += "; " + e.Advice
	}
	return text
}

func newError(c *Client, r request, got *answer) *Error {
	e := &Error{
		Method: r.method, Host: c.base.Host, Path: r.shownPath(), Status: got.status,
		retryAfter: parseRetryAfter(got.header, c.config.Clock.Now()),
	}
	var body struct {
		Error struct{ Code, Msg string }
	}
	if err := json.Unmarshal(got.body, &body); err == nil && body.Error.Msg != "" {
		e.Code, e.Message = c.scrub(body.Error.Code), c.scrub(body.Error.Msg)
	} else if len(bytes.TrimSpace(got.body)) > 0 {
		e.Foreign = c.describeType(got.header)
	}
	e.Advice = advice(c, e)
	return e
}

func advice(c *Client, e *Error) string {
	switch {
	case e.Status == http.StatusUnauthorized:
		return fmt.Sprintf("the token is missing, wrong or expired: log in with `coder login %s`, or give a token with --coder-token-file", c.base)
	case e.Status == http.StatusForbidden && strings.HasPrefix(e.Path, agentPath):
		return "only its owner can connect to a workspace"
	case e.Status == http.StatusForbidden && e.Foreign == "" && !strings.Contains(e.Message, "site-manager"):
		return "managing providers and satellites needs the role site-manager or site-admin"
	case e.Status == http.StatusNotFound && e.Path == satellitesPath:
		return "satellites need a primary of v1.21 or later"
	case e.Status >= 300 && e.Status < 400:
		return "the API does not redirect: is the URL the deployment's own access URL?"
	default:
		return ""
	}
}

func hasStatus(err error, status int) bool {
	e, is := errors.AsType[*Error](err)
	return is && e.Status == status
}

// IsNotFound reports whether the thing does not exist (404).
func IsNotFound(err error) bool { return hasStatus(err, http.StatusNotFound) }

// IsUnauthorized reports whether the token was rejected (401).
func IsUnauthorized(err error) bool { return hasStatus(err, http.StatusUnauthorized) }

// IsForbidden reports whether the user lacks a right (403).
func IsForbidden(err error) bool { return hasStatus(err, http.StatusForbidden) }
