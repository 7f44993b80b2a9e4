package coder

import (
	"context"
	"net/http"
	"slices"
	"strings"
)

// maxSTUN bounds how many STUN servers are made use of.
const maxSTUN = 8

// STUNServers returns the URLs of the STUN servers that the deployment names, at most
// eight, by which clients and agents determine how to reach each other directly (from
// v1.22 on, "Direct workspace connections"). There are none if it offers that to nobody.
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
