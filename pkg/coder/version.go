package coder

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Version is a version of Coder. Versions of the same numbers are equal;
// whatever follows the numbers is kept but not compared by AtLeast.
type Version struct {
	major, minor, patch int
	suffix              string // "-rc.1", "+abc"; may be empty
}

// suffixLetters may follow a version's numbers (semver.org).
const suffixLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-"

// ParseVersion reads "1.21.3", with or without a leading v.
func ParseVersion(text string) (Version, error) {
	numbers := strings.TrimPrefix(strings.TrimSpace(text), "v")
	var v Version
	if i := strings.IndexAny(numbers, "-+"); i >= 0 {
		numbers, v.suffix = numbers[:i], numbers[i:]
	}
	parts := strings.Split(numbers, ".")
	if len(parts) < 2 || len(parts) > 3 || len(text) > 64 || strings.Trim(v.suffix, suffixLetters) != "" {
		return Version{}, fmt.Errorf("%.64q is not a version like 1.21.3", text)
	}
	for i, target := range []*int{&v.major, &v.minor, &v.patch}[:len(parts)] {
		n, err := strconv.Atoi(parts[i])
		if err != nil || n < 0 {
			return Version{}, fmt.Errorf("%.64q is not a version like 1.21.3", text)
		}
		*target = n
	}
	return v, nil
}

// String returns the version without a leading v.
func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d%s", v.major, v.minor, v.patch, v.suffix)
}

// AtLeast reports whether the version is major.minor or later.
func (v Version) AtLeast(major, minor int) bool {
	return v.major > major || v.major == major && v.minor >= minor
}

// RebuildsOnSwitch reports whether a deployment of that version rebuilds a provider's
// workspaces that run when its Networking v2 is switched (Coder's changelog, 1.21.1).
func (v Version) RebuildsOnSwitch() bool {
	return v.AtLeast(1, 22) || v.AtLeast(1, 21) && v.patch >= 1
}

// versionHeader carries the deployment's version in answers of GET /api.
const versionHeader = "Coder-Version"

// Version returns the deployment's version. A good satellite passes the
// request on, and so returns its primary's.
func (c *Client) Version(ctx context.Context) (Version, error) { return c.version(ctx, false) }

// version asks for the version, without the AuthHeader if it is to be anonymous.
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

// Time returns the primary's time, to the second, as its answer to GET /api tells
// it (RFC 9110, Date): what it says of workspaces is by this clock.
func (c *Client) Time(ctx context.Context) (time.Time, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: "/api", repeatable: true, public: true}, nil)
	if err != nil {
		return time.Time{}, err
	}
	now, err := http.ParseTime(got.header.Get("Date"))
	if err != nil {
		return time.Time{}, errors.New("GET " + c.base.Host + "/api: the answer does not tell the time")
	}
	return now, nil
}
