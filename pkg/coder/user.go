package coder

import (
	"context"
	"slices"
)

// User is a user of the deployment.
type User struct {
	ID       string   `json:"id"`
	Email    string   `json:"email"`
	Username string   `json:"username"`
	Roles    []string `json:"roles"`
}

func (u User) id() string { return u.ID }

// CanManage reports whether the user may manage providers and satellites (Coder's documentation).
func (u User) CanManage() bool {
	return slices.Contains(u.Roles, "site-manager") || slices.Contains(u.Roles, "site-admin")
}

// Me returns the token's user.
func (c *Client) Me(ctx context.Context) (User, error) {
	return readOne[User](ctx, c, "/api/v0/users/me", "user")
}

// Users returns all users.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	return readAll[User](ctx, c, "/api/v0/users", "")
}
