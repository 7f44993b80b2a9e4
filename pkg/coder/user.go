package coder

import (
	"context"
	"net/http"
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

// CanManage reports whether the user may manage providers and satellites,
// which takes the role site-manager or site-admin (Coder's documentation).
func (u User) CanManage() bool {
	return slices.Contains(u.Roles, "site-manager") || slices.Contains(u.Roles, "site-admin")
}

// Me returns the user whose token is used.
func (c *Client) Me(ctx context.Context) (User, error) {
	return readOne[User](ctx, c, "/api/v0/users/me", "user")
}

// Users returns all users.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var users []User
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/api/v0/users", repeatable: true}, &users)
	return users, err
}
