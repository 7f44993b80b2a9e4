package coder

import (
	"context"
	"net/http"
	"net/url"
	"slices"
)

// User is a user of the deployment.
type User struct {
	ID       string   `json:"id"`
	Email    string   `json:"email"`
	Username string   `json:"username"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
}

// CanManage reports whether the user may manage providers and satellites,
// which takes the role site-manager or site-admin (Coder's documentation).
func (u User) CanManage() bool {
	return slices.Contains(u.Roles, "site-manager") || slices.Contains(u.Roles, "site-admin")
}

// Me returns the user whose token is used.
func (c *Client) Me(ctx context.Context) (User, error) {
	var user User
	r := request{method: http.MethodGet, path: "/api/v0/users/me", repeatable: true}
	if _, err := c.do(ctx, r, &user); err != nil {
		return User{}, err
	}
	if user.ID == "" {
		return User{}, c.incomplete(r, "the answer holds no user")
	}
	return user, nil
}

// Users returns all users.
func (c *Client) Users(ctx context.Context) ([]User, error) {
	var users []User
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/api/v0/users", repeatable: true}, &users)
	return users, err
}

// Organization is an organization of the deployment.
type Organization struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Members []User `json:"members"`
}

// Organizations returns all organizations.
func (c *Client) Organizations(ctx context.Context) ([]Organization, error) {
	var organizations []Organization
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/api/v0/orgs", repeatable: true}, &organizations)
	return organizations, err
}

// CreateAPIKey makes a new token for the user with that ID.
func (c *Client) CreateAPIKey(ctx context.Context, userID, name string) (Token, error) {
	var created struct {
		Key string `json:"key"`
	}
	r := request{method: http.MethodPost, path: "/api/v0/api-keys/" + url.PathEscape(userID), body: map[string]string{"name": name}}
	if _, err := c.do(ctx, r, &created); err != nil {
		return "", err
	}
	if created.Key == "" {
		return "", c.incomplete(r, "the answer holds no key")
	}
	return Token(created.Key), nil
}
