package codertest

import (
	"crypto/sha256"
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

// tokenHash is all that is kept of a token's value.
type tokenHash [sha256.Size]byte

func hashToken(key string) tokenHash { return sha256.Sum256([]byte(key)) }

// AddUser adds a user with the roles, a member of the default organization.
func (p *Primary) AddUser(email string, roles ...string) User {
	p.mu.Lock()
	defer p.mu.Unlock()
	name, _, _ := strings.Cut(email, "@")
	now := p.now()
	user := &User{
		ID: newID(), Email: email, Username: name, Name: name, Roles: append([]string{}, roles...),
		LoginType: "built-in", CreatedAt: now, UpdatedAt: now,
	}
	p.users = append(p.users, user)
	p.orgs[0].Members = append(p.orgs[0].Members, *user)
	return *user
}

// authenticate returns the user of the request's token, or nil. WebSockets may carry it in the query: browsers cannot
// set headers on them.
func (p *Primary) authenticate(r *http.Request) *User {
	key := r.Header.Get("Session-Token")
	if key == "" && strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		key = r.URL.Query().Get("session_token")
	}
	t, ok := p.tokens[hashToken(key)]
	if !ok || t.expired {
		return nil
	}
	t.LastUsed = p.now()
	return p.user(t.UserID)
}

func (p *Primary) user(id string) *User {
	for _, user := range p.users {
		if user.ID == id {
			return user
		}
	}
	return nil
}

func (p *Primary) hasUser(email string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.users, func(user *User) bool { return user.Email == email })
}

// maySee reports whether the user may read site-wide data.
func (u *User) maySee() bool { return u.canManage() || slices.Contains(u.Roles, RoleAuditor) }

// canManage reports whether the user may change providers and satellites.
func (u *User) canManage() bool {
	return slices.Contains(u.Roles, RoleManager) || slices.Contains(u.Roles, RoleAdmin)
}

// now returns the time by the primary's clock, as its JSON shows it.
func (p *Primary) now() time.Time { return p.options.Now().UTC() }
