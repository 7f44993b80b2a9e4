package coder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"
)

// Version is a version of Coder. Equal versions are ==.
type Version struct{ semver semver.Version }

// ParseVersion reads "1.21.3", with or without a leading v.
func ParseVersion(text string) (Version, error) {
	parsed, err := semver.NewVersion(strings.TrimSpace(text))
	if err != nil || len(text) > 64 || !strings.Contains(text, ".") {
		return Version{}, fmt.Errorf("%.64q is not a version like 1.21.3", text)
	}
	// made anew: the parsed one keeps its spelling
	return Version{*semver.New(parsed.Major(), parsed.Minor(), parsed.Patch(), parsed.Prerelease(), parsed.Metadata())}, nil
}

// String returns the version without a leading v.
func (v Version) String() string { return v.semver.String() }

// AtLeast reports whether the version is major.minor or later; a release candidate counts as its release.
func (v Version) AtLeast(major, minor uint64) bool {
	return v.semver.Major() > major || v.semver.Major() == major && v.semver.Minor() >= minor
}

// RebuildsOnSwitch reports whether a deployment of that version rebuilds a provider's running workspaces when its
// Networking v2 is switched (Coder's changelog, 1.21.1).
func (v Version) RebuildsOnSwitch() bool {
	return v.AtLeast(1, 22) || v.AtLeast(1, 21) && v.semver.Patch() >= 1
}

// versionHeader carries the deployment's version in answers of GET /api.
const versionHeader = "Coder-Version"

// Version returns the deployment's version. A satellite passes the request on, and so returns its primary's.
func (c *Client) Version(ctx context.Context) (Version, error) { return c.version(ctx, false) }

func (c *Client) version(ctx context.Context, anonymous bool) (Version, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: "/api", repeatable: true, public: true, anonymous: anonymous}, nil)
	if err != nil {
		return Version{}, err
	}
	text := got.header.Get(versionHeader)
	if text == "" {
		return Version{}, errors.New("GET " + c.base.Host + "/api: the answer names no version of Coder: is it a Coder deployment?")
	}
	version, err := ParseVersion(text)
	if err != nil {
		return Version{}, fmt.Errorf("GET %s/api: %w", c.base.Host, c.scrubError(err))
	}
	return version, nil
}

// Time returns the primary's time, by which it dates builds, to the second, from an answer's Date (RFC 9110).
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: "/api", repeatable: true, public: true}, nil)
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(got.header.Get("Date"))
	if err != nil {
		return time.Time{}, errors.New("GET " + c.base.Host + "/api: the answer has no date")
	}
	return now, nil
}

// ReachAPI checks once, without a token, that the API itself answers, and not a proxy in front of it.
func (c *Client) ReachAPI(ctx context.Context) error {
	got, err := c.attempt(ctx, request{method: http.MethodGet, path: "/api", public: true}, nil)
	if err == nil && got.header.Get(versionHeader) == "" {
		return fmt.Errorf("GET %s/api: the answer names no version of Coder", c.base.Host)
	}
	return err
}
