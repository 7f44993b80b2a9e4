package codertest

import (
	"net/http"
	"strings"
)

// methods are an endpoint's routes by method.
type methods map[string]route

// endpoint returns the routes of the request's path, or nil if there is none.
func (p *Primary) endpoint(r *http.Request) methods {
	path := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if path[0] != "api" {
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
	case "private/workspaces":
		return buildEndpoint(id, rest)
	case "private/resource-pools":
		return providerEndpoint(id, rest)
	case "private/satellites":
		if !p.versionAtLeast(21) {
			return nil // satellites came with v1.21
		}
		return satelliteEndpoint(id, rest)
	case "private/webrtc":
		return webrtcEndpoint(id, rest)
	default:
		return nil
	}
}

// getAPI answers with the version, in a header, as GET /api does.
func (c *call) getAPI() error {
	c.primary.mu.Lock()
	version := c.primary.version
	c.primary.mu.Unlock()
	c.w.Header().Set("coder-version", version)
	return c.answer(http.StatusOK, map[string]string{"msg": "coder"})
}

// magicUser is the user name and credential of the TURN server that is spoken
// over a WebSocket (coder-cli, wsnet).
const magicUser = "~magicalusername~"

func webrtcEndpoint(id, rest string) methods {
	if id != "ice" || rest != "" {
		return nil
	}
	return methods{http.MethodGet: {serve: func(c *call) error {
		return c.answer(http.StatusOK, map[string]any{"data": []any{map[string]any{
			"urls": []string{"turn:127.0.0.1:3478?transport=tcp"}, "username": magicUser, "credential": magicUser, "credential_type": 0,
		}}})
	}}}
}
