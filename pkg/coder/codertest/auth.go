package codertest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Roles of users.
const (
	RoleAdmin   = "site-admin"
	RoleManager = "site-manager"
	RoleAuditor = "site-auditor"
	RoleMember  = "site-member"
)

type token struct {
	userID  string
	name    string
	expired bool
}

// AddUser adds a user with the roles, a member of the default organization.
func (p *Primary) AddUser(email string, roles ...string) User {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, _, _ := strings.Cut(email, "@")
	now := p.options.Now()
	user := &User{ID: newID(), Email: email, Username: name, Name: name, Roles: roles, CreatedAt: now, UpdatedAt: now}
	p.users = append(p.users, user)
	p.orgs[0].Members = append(p.orgs[0].Members, *user)
	return *user
}

// Token makes a token for the user.
func (p *Primary) Token(userID string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newToken(userID, "test")
}

func (p *Primary) newToken(userID, name string) string {
	key := strings.ReplaceAll(newID(), "-", "")[:10] + "-" + strings.ReplaceAll(newID(), "-", "")
	p.tokens[key] = &token{userID: userID, name: name}
	return key
}

// ExpireToken makes the token no longer work.
func (p *Primary) ExpireToken(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.tokens[key]; ok {
		t.expired = true
	}
}

// authenticate returns the user of the request's token, or nil. Browsers
// cannot set headers on WebSockets, so those may carry it in the query.
func (p *Primary) authenticate(r *http.Request) *User {
	key := r.Header.Get("Session-Token")
	if key == "" && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		key = r.URL.Query().Get("session_token")
	}
	t, ok := p.tokens[key]
	if !ok || t.expired {
		return nil
	}
	return p.user(t.userID)
}

func (p *Primary) user(id string) *User {
	for _, user := range p.users {
		if user.ID == id {
			return user
		}
	}
	return nil
}

// maySee reports whether the user may read what is the site's.
func (u *User) maySee() bool { return u.canManage() || slices.Contains(u.Roles, RoleAuditor) }

// canManage reports whether the user may change providers and satellites.
func (u *User) canManage() bool {
	return slices.Contains(u.Roles, RoleManager) || slices.Contains(u.Roles, RoleAdmin)
}

// now returns the time by the primary's clock, as its JSON shows it.
func (p *Primary) now() time.Time { return p.options.Now().UTC() }
