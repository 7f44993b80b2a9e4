package codertest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Token is an API token in a list: without its value.
type Token struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Application bool      `json:"application"`
	UserID      string    `json:"user_id"`
	LastUsed    time.Time `json:"last_used"`
}

// token is what is kept of a token. Only those that a client created have a name; the others are sessions, and not
// listed (chosen).
type token struct {
	Token
	expired bool
}

// Token makes a token for the user.
func (p *Primary) Token(userID string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.newToken(userID, "")
}

func newKey() string {
	return strings.ReplaceAll(newID(), "-", "")[:10] + "-" + strings.ReplaceAll(newID(), "-", "")
}

func (p *Primary) newToken(userID, name string) string {
	key := newKey()
	p.tokens[hashToken(key)] = &token{Token: Token{ID: newID(), Name: name, Application: name != "", UserID: userID, LastUsed: p.now()}}
	return key
}

// ExpireToken disables the token. It reports whether the token exists.
func (p *Primary) ExpireToken(key string) bool { return p.setExpired(key, true) }

// RenewToken enables an expired token again. It reports whether the token exists.
func (p *Primary) RenewToken(key string) bool { return p.setExpired(key, false) }

func (p *Primary) setExpired(key string, expired bool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.tokens[hashToken(key)]
	if ok {
		t.expired = expired
	}
	return ok
}

// keyEndpoint serves a user's tokens; id is the user's, rest a token's.
func keyEndpoint(id, rest string) methods {
	tokenID, regen := strings.CutSuffix(rest, "/regen")
	switch {
	case id == "":
		return nil
	case rest == "":
		return methods{
			http.MethodGet:  {serve: func(c *call) error { return c.listKeys(id) }},
			http.MethodPost: {serve: func(c *call) error { return c.createKey(id) }},
		}
	case strings.Contains(tokenID, "/"):
		return nil
	case regen:
		return methods{http.MethodPost: {serve: func(c *call) error { return c.regenerateKey(id, tokenID) }}}
	default:
		return methods{
			http.MethodGet:    {serve: func(c *call) error { return c.getKey(id, tokenID) }},
			http.MethodDelete: {serve: func(c *call) error { return c.deleteKey(id, tokenID) }},
		}
	}
}

// keysOf returns the user's tokens by name, to that user and to managers. The caller holds mu.
func (c *call) keysOf(userID string) (id string, keys []*token, err error) {
	if userID == "me" {
		userID = c.user.ID
	}
	if userID != c.user.ID && !c.user.canManage() {
		return "", nil, refuse(http.StatusForbidden, "forbidden", "other users' tokens need the role %s or %s", RoleManager, RoleAdmin)
	}
	if c.primary.user(userID) == nil {
		return "", nil, notFound("user", userID)
	}
	for _, t := range c.primary.tokens {
		if t.UserID == userID && t.Name != "" && !t.expired {
			keys = append(keys, t)
		}
	}
	slices.SortFunc(keys, func(a, b *token) int { return cmp.Compare(a.Name, b.Name) })
	return userID, keys, nil
}

func (c *call) listKeys(userID string) error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	_, keys, err := c.keysOf(userID)
	if err != nil {
		return err
	}
	list := make([]Token, 0, len(keys))
	for _, t := range keys {
		list = append(list, t.Token)
	}
	return c.answer(http.StatusOK, list)
}

// withKey calls use with one of the user's tokens.
func (c *call) withKey(userID, tokenID string, use func(*token) error) error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	_, keys, err := c.keysOf(userID)
	if err != nil {
		return err
	}
	for _, t := range keys {
		if t.ID == tokenID {
			return use(t)
		}
	}
	return notFound("token", tokenID)
}

func (c *call) getKey(userID, tokenID string) error {
	return c.withKey(userID, tokenID, func(t *token) error { return c.answer(http.StatusOK, t.Token) })
}

func (c *call) deleteKey(userID, tokenID string) error {
	return c.withKey(userID, tokenID, func(t *token) error {
		c.forget(t)
		return c.done()
	})
}

// regenerateKey replaces a token's value.
func (c *call) regenerateKey(userID, tokenID string) error {
	return c.withKey(userID, tokenID, func(t *token) error {
		c.forget(t)
		key := newKey()
		c.primary.tokens[hashToken(key)] = t
		return c.answer(http.StatusOK, map[string]string{"key": key})
	})
}

// forget forgets a token's value. The caller holds mu.
func (c *call) forget(t *token) {
	for hash, other := range c.primary.tokens {
		if other == t {
			delete(c.primary.tokens, hash)
		}
	}
}

// createKey makes a token.
func (c *call) createKey(userID string) error {
	var body struct {
		Name string `json:"name"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	id, keys, err := c.keysOf(userID)
	switch {
	case err != nil:
		return err
	case body.Name == "":
		return refuse(http.StatusBadRequest, "bad_request", "name is required")
	case slices.ContainsFunc(keys, func(t *token) bool { return t.Name == body.Name }):
		return refuse(http.StatusConflict, "conflict", "a token named %q exists already", body.Name)
	}
	return c.answer(http.StatusCreated, map[string]string{"key": c.primary.newToken(id, body.Name)})
}
