package fleet

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// checkURL adds a problem unless the URL can be a Coder access URL. It never repeats a URL that may contain a password.
func (p *problems) checkURL(path, raw string) {
	switch {
	case strings.Contains(raw, "@"):
		p.addf(path, "must not hold a user name or password; the token comes from CODER_TOKEN or a token file")
		return
	case strings.ContainsAny(raw, "?#"):
		p.addf(path, "must not have a query or a fragment; an access URL is only scheme, host and port")
		return
	}
	u, err := url.Parse(raw)
	if err != nil {
		p.addf(path, "is not a URL; write https://HOST")
		return
	}
	port, portErr := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case u.Scheme == "" || u.Hostname() == "":
		p.addf(path, "%q has no scheme or no host; write https://HOST", raw)
	case u.Scheme == "http" && !coder.Loopback(strings.ToLower(u.Hostname())):
		p.addf(path, "%q is not https; tokens would travel in the clear (http is allowed on loopback only)", raw)
	case u.Scheme != "https" && u.Scheme != "http":
		p.addf(path, "%q is not an https URL", raw)
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && (portErr != nil || port == 0):
		p.addf(path, "%q has no valid port", raw)
	case u.Path != "" && u.Path != "/":
		p.addf(path, "%q has a path; an access URL is only scheme, host and port", raw)
	}
}

func holdsUser(raw string) bool {
	if !strings.Contains(raw, "://") {
		return false
	}
	u, err := url.Parse(raw)
	return err != nil && strings.Contains(raw, "@") || err == nil && u.User != nil
}

// Host returns a URL's host name in lower case, without a port or a final dot; "" if the URL has no host or may contain a
// password.
func Host(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.User != nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
}

// address normalises a cluster's address to host, port and path. The scheme only decides the default port, since Coder's
// records of providers sometimes omit it.
func address(raw string) string {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return ""
	}
	if plain, ok := strings.CutPrefix(raw, "https://"); ok && plainAddress(plain) {
		return plain // the usual case, made fast: a large fleet compares every pair
	}
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	port := cmp.Or(u.Port(), map[string]string{"https": "443", "http": "80"}[strings.ToLower(u.Scheme)])
	return net.JoinHostPort(host, port) + strings.TrimRight(u.Path, "/")
}

// plainAddress reports whether a text is already HOST:PORT as address returns it.
func plainAddress(text string) bool {
	host, port, _ := strings.Cut(text, ":")
	return strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") == "" && host != "" && !strings.HasSuffix(host, ".") &&
		strings.Trim(port, "0123456789") == "" && port != ""
}
