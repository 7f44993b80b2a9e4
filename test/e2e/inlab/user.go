package inlab

import "net/http"

// AddUser adds a user with these roles to the primary, and returns the user's token.
func (l *Lab) AddUser(email string, roles ...string) (token string, err error) {
	var added struct {
		Token string `json:"token"`
	}
	err = l.control(http.MethodPost, "/users", map[string]any{"email": email, "roles": roles}, &added)
	return added.Token, err
}
