package codertest

import (
	"net/http"
	"strings"
)

// checkUpgrade refuses, in the API's own form, a request that does not open a WebSocket where one is required (RFC
// 6455, 4.2.1).
func checkUpgrade(r *http.Request) error {
	switch {
	case !hasToken(r.Header, "Connection", "upgrade") || !hasToken(r.Header, "Upgrade", "websocket"):
		return refuse(http.StatusUpgradeRequired, "upgrade_required", "%s is for WebSockets", r.URL.Path)
	case r.Header.Get("Sec-WebSocket-Version") != "13" || r.Header.Get("Sec-WebSocket-Key") == "":
		return refuse(http.StatusBadRequest, "bad_request", "the request for a WebSocket is not one of version 13")
	default:
		return nil
	}
}

// hasToken reports whether a header lists the token.
func hasToken(header http.Header, name, token string) bool {
	for _, line := range header.Values(name) {
		for field := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.TrimSpace(field), token) {
				return true
			}
		}
	}
	return false
}
