package fleet

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// checkURL adds a problem unless the URL is empty or can be a Coder access URL. It never repeats what may be a password.
func (p *problems) checkURL(path, raw string) {
	_, err := coder.ParseURL(raw)
	p.addIf(raw != "" && err != nil, path, "%v", err)
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
