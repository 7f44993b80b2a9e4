package coder

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// ParseURL checks an access URL: https (or http on loopback), with a host and no path but "/". Its errors repeat no user,
// password or query.
func ParseURL(raw string) (*url.URL, error) {
	const like = "write one like https://coder.example.com"
	if strings.Contains(raw, "@") {
		return nil, errors.New("the URL must not hold a user or password; the token comes from CODER_TOKEN or a token file")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("this is not a URL: " + like) // the cause may repeat any part
	}
	port, badPort := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case raw == "":
		return nil, errors.New("the URL is empty: " + like)
	case u.Hostname() == "":
		return nil, fmt.Errorf("%q is not a complete URL: %s", shownURL(raw), like)
	case u.Scheme != "https" && (u.Scheme != "http" || !Loopback(strings.ToLower(u.Hostname()))):
		return nil, fmt.Errorf("%q is not https; tokens would travel in the clear (http is allowed on loopback only)", shownURL(raw))
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && (badPort != nil || port == 0):
		return nil, fmt.Errorf("%q has no valid port", shownURL(raw))
	case strings.ContainsAny(raw, "?#"):
		return nil, fmt.Errorf("%q must not have a query or fragment", shownURL(raw))
	case strings.Trim(u.Path, "/") != "":
		return nil, fmt.Errorf("%q must not have a path", shownURL(raw))
	}
	u.Path = ""
	return u, nil
}

// NormalURL returns the form of a URL that is compared and shown: scheme and host in lower case, no default port, no
// trailing slash. What is not a URL, or holds a user, stays as it is, for a validation to refuse.
func NormalURL(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil {
		return raw
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u.String()
}

// SameURL reports whether two URLs lead to the same deployment: they differ at most in case, a default port or a
// trailing slash. URLs without a scheme, as values files may have them, compare likewise.
func SameURL(a, b string) bool {
	if !strings.EqualFold(hostOf(a), hostOf(b)) {
		return false // without parsing: a large fleet compares all pairs
	}
	a, b = NormalURL(a), NormalURL(b)
	return a == b || !strings.Contains(a, "://") && strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}

// hostOf is the host of a URL, as far as it shows without parsing.
func hostOf(raw string) string {
	raw = strings.TrimSpace(raw)
	if _, rest, ok := strings.Cut(raw, "://"); ok {
		raw = rest
	}
	if i := strings.IndexAny(raw, "/:?#"); i >= 0 {
		raw = raw[:i]
	}
	return raw
}

// shownURL is a URL without its user, password and query, which may be secret.
func shownURL(raw string) string {
	if i := strings.IndexAny(raw, "?#"); i >= 0 {
		raw = raw[:i]
	}
	if i := strings.LastIndex(raw, "@"); i >= 0 {
		scheme, _, ok := strings.Cut(raw[:i], "://")
		if raw = raw[i+1:]; ok {
			raw = scheme + "://" + raw
		}
	}
	return raw
}

// Loopback reports whether host is this machine by name or address.
func Loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
