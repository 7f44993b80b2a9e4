package coder

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const workspacesPath = "/api/v0/workspaces"

// ContainerStatus is the state of a workspace's container.
type ContainerStatus string

// Container states.
const (
	ContainerCreating ContainerStatus = "CREATING"
	ContainerOff      ContainerStatus = "OFF"
	ContainerOn       ContainerStatus = "ON"
	ContainerFailed   ContainerStatus = "FAILED"
	ContainerUnknown  ContainerStatus = "UNKNOWN"
)

// Workspace is a workspace, with the fields that this client uses.
type Workspace struct {
	ID               string        `json:"id"`
	Name             string        `json:"name"`
	UserID           string        `json:"user_id"`
	ProviderID       string        `json:"resource_pool_id"`
	Updating         bool          `json:"updating"`
	LastBuiltAt      time.Time     `json:"last_built_at"`
	LastConnectionAt time.Time     `json:"last_connection_at"` // of its owner; zero if never
	LatestStat       WorkspaceStat `json:"latest_stat"`
}

func (w Workspace) id() string { return w.ID }

// WorkspaceStat is the deployment's latest knowledge of a workspace's container.
type WorkspaceStat struct {
	ContainerStatus ContainerStatus `json:"container_status"`
	StatError       string          `json:"stat_error"`
}

// Workspaces returns the workspaces of the users with these IDs, or of all users if none is given.
func (c *Client) Workspaces(ctx context.Context, userIDs ...string) ([]Workspace, error) {
	path := workspacesPath
	if len(userIDs) > 0 {
		path += "?" + url.Values{"users": {strings.Join(userIDs, ",")}}.Encode()
	}
	return readAll[Workspace](ctx, c, path, "")
}

// Workspace returns the workspace with that ID.
func (c *Client) Workspace(ctx context.Context, id string) (Workspace, error) {
	return readOne[Workspace](ctx, c, workspacePath(id), "workspace")
}

func workspacePath(id string) string { return workspacesPath + "/" + url.PathEscape(id) }

// Rebuild requests a rebuild of the workspace, which destroys everything outside the home directory of a running one. It
// is sent once: after a lost answer, the workspace shows whether a build began.
func (c *Client) Rebuild(ctx context.Context, id string) error {
	_, err := c.do(ctx, request{method: http.MethodPatch, path: workspacePath(id), body: struct{}{}}, nil)
	return err
}
