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

// Workspace is a workspace, in those of its fields that this client uses.
type Workspace struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	UserID         string    `json:"user_id"`
	OrganizationID string    `json:"organization_id"`
	ProviderID     string    `json:"resource_pool_id"`
	Updating       bool      `json:"updating"`
	LastBuiltAt    time.Time `json:"last_built_at"`
	// LastConnectionAt is when its owner was connected last; zero if never.
	LastConnectionAt time.Time     `json:"last_connection_at"`
	LatestStat       WorkspaceStat `json:"latest_stat"`
}

// WorkspaceStat is the latest that the deployment knows of a workspace's container.
type WorkspaceStat struct {
	Time            time.Time       `json:"time"`
	LastOnline      time.Time       `json:"last_online"`
	ContainerStatus ContainerStatus `json:"container_status"`
	StatError       string          `json:"stat_error"`
}

// WorkspaceFilter restricts a listing; empty lists restrict nothing.
type WorkspaceFilter struct {
	// Users and Orgs are IDs.
	Users, Orgs []string
}

// Workspaces returns the workspaces that the filter lets through.
func (c *Client) Workspaces(ctx context.Context, filter WorkspaceFilter) ([]Workspace, error) {
	query := url.Values{}
	if len(filter.Users) > 0 {
		query.Set("users", strings.Join(filter.Users, ","))
	}
	if len(filter.Orgs) > 0 {
		query.Set("orgs", strings.Join(filter.Orgs, ","))
	}
	path := workspacesPath
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var workspaces []Workspace
	r := request{method: http.MethodGet, path: path, repeatable: true}
	if _, err := c.do(ctx, r, &workspaces); err != nil {
		return nil, err
	}
	return identified(c, r, workspaces, func(w Workspace) string { return w.ID })
}

// Workspace returns the workspace with that ID.
func (c *Client) Workspace(ctx context.Context, id string) (Workspace, error) {
	var workspace Workspace
	r := request{method: http.MethodGet, path: workspacePath(id), repeatable: true}
	if _, err := c.do(ctx, r, &workspace); err != nil {
		return Workspace{}, err
	}
	if workspace.ID == "" {
		return Workspace{}, c.incomplete(r, "the answer holds no workspace")
	}
	return workspace, nil
}

func workspacePath(id string) string { return workspacesPath + "/" + url.PathEscape(id) }

// Rebuild asks for a rebuild of the workspace. It destroys everything outside
// the home directory of a running one. It is sent once: after a lost answer,
// the workspace tells whether a build began.
func (c *Client) Rebuild(ctx context.Context, id string) error {
	_, err := c.do(ctx, request{method: http.MethodPatch, path: workspacePath(id), body: struct{}{}}, nil)
	return err
}
