package codertest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// methods are an endpoint's routes by method.
type methods map[string]route

// allowed lists the methods for the header Allow.
func (m methods) allowed() string {
	list := slices.Sorted(maps.Keys(m))
	if _, ok := m[http.MethodGet]; ok {
		list = append(list, http.MethodHead)
	}
	return strings.Join(list, ", ")
}

// endpoint returns the routes of the request's path, or nil if there are none. An empty segment has none: a client that
// lost an ID must not get a list.
func (p *Primary) endpoint(r *http.Request) methods {
	path := strings.Split(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if path[0] != "api" || slices.Contains(path, "") {
		return nil
	}
	if len(path) == 1 {
		return methods{http.MethodGet: {open: true, serve: (*call).getAPI}}
	}
	if len(path) < 3 {
		return nil
	}
	id := ""
	if len(path) > 3 {
		id = path[3]
	}
	rest := strings.Join(path[min(4, len(path)):], "/")
	switch path[1] + "/" + path[2] {
	case "v0/users":
		return userEndpoint(id, rest)
	case "v0/api-keys":
		return keyEndpoint(id, rest)
	case "v0/orgs":
		return orgEndpoint(id, rest)
	case "v0/images":
		return imageEndpoint(id, rest)
	case "v0/workspaces":
		return workspaceEndpoint(id, rest)
	case "private/users":
		return uxStateEndpoint(id, rest)
	case "private/config":
		return configEndpoint(id)
	case "private/metrics":
		return usageEndpoint(id, rest)
	case "private/workspaces":
		return buildEndpoint(id, rest)
	case "private/resource-pools":
		return providerEndpoint(id, rest)
	case "private/satellites":
		if !p.hasSatellites() {
			return nil // satellites came with v1.21
		}
		return satelliteEndpoint(id, rest)
	case "private/webrtc":
		return webrtcEndpoint(id, rest)
	case "private/turn":
		return turnEndpoint(id, rest)
	case "private/envagent":
		return agentEndpoint(id, rest)
	default:
		return nil
	}
}

// getAPI answers GET /api with the version in a header.
func (c *call) getAPI() error {
	c.primary.mu.Lock()
	version := c.primary.version
	c.primary.mu.Unlock()
	if version != "" {
		c.w.Header().Set(versionHeaderKey, version)
	}
	return c.answer(http.StatusOK, map[string]string{"msg": "coder"})
}

// magicUser is the user name and credential of the TURN server behind a WebSocket (coder-cli, wsnet).
const magicUser = "~magicalusername~"

func webrtcEndpoint(id, rest string) methods {
	if id != "ice" || rest != "" {
		return nil
	}
	return methods{http.MethodGet: {serve: func(c *call) error {
		return c.answer(http.StatusOK, map[string]any{"data": c.primary.iceServers()})
	}}}
}
