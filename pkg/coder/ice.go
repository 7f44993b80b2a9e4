package coder

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

const maxSTUN = 8

// STUNServers returns the URLs of the deployment's STUN servers, at most eight. Clients and agents use them to reach each
// other directly (v1.22, "Direct workspace connections"). It returns none if the deployment does not offer that.
func (c *Client) STUNServers(ctx context.Context) ([]string, error) {
	type server struct {
		URLs []string `json:"urls"`
	}
	r := request{method: http.MethodGet, path: "/api/private/webrtc/ice", repeatable: true}
	servers, err := readField[[]server](ctx, c, r, "data")
	if err != nil {
		return nil, err
	}
	var urls []string
	for _, server := range servers {
		urls = append(urls, server.URLs...)
	}
	urls = slices.DeleteFunc(urls, func(url string) bool { return !strings.HasPrefix(url, "stun:") })
	return urls[:min(len(urls), maxSTUN)], nil
}
