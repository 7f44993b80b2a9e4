package codertest

import (
	"net/http"
	"slices"
)

func userEndpoint(id, rest string) methods {
	switch {
	case id == "" && rest == "":
		return methods{http.MethodGet: {serve: (*call).listUsers}}
	case rest == "":
		return methods{http.MethodGet: {serve: func(c *call) error { return c.getUser(id) }}}
	case id == "me" && rest == "sshkey":
		return methods{http.MethodGet: {serve: (*call).getSSHKey}}
	default:
		return nil
	}
}

func (c *call) listUsers() error {
	c.primary.mu.Lock()
	users := make([]User, 0, len(c.primary.users))
	for _, user := range c.primary.users {
		users = append(users, *user)
	}
	c.primary.mu.Unlock()
	return c.answer(http.StatusOK, users)
}

func (c *call) getUser(id string) error {
	if id == "me" {
		return c.answer(http.StatusOK, c.user)
	}
	c.primary.mu.Lock()
	user := c.primary.user(id)
	c.primary.mu.Unlock()
	if user == nil {
		return notFound("user", id)
	}
	return c.answer(http.StatusOK, user)
}

func orgEndpoint(id, rest string) methods {
	switch {
	case rest != "":
		return nil
	case id == "":
		return methods{http.MethodGet: {serve: (*call).listOrgs}}
	default:
		return methods{http.MethodGet: {serve: func(c *call) error { return c.getOrg(id) }}}
	}
}

func (c *call) listOrgs() error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	return c.answer(http.StatusOK, c.primary.orgs)
}

func (c *call) getOrg(id string) error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	for _, org := range c.primary.orgs {
		if org.ID == id {
			return c.answer(http.StatusOK, org)
		}
	}
	return notFound("organization", id)
}

// AddOrg adds another organization with these users as members.
func (p *Primary) AddOrg(name string, members ...User) Org {
	p.mu.Lock()
	defer p.mu.Unlock()
	org := &Org{ID: newID(), Name: name, Members: append([]User{}, members...)}
	p.orgs = append(p.orgs, org)
	return *org
}

// AddImage adds a workspace image to the default organization.
func (p *Primary) AddImage(repository string) Image {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.addImage(repository)
}

func (p *Primary) addImage(repository string) Image {
	now := p.now()
	image := &Image{
		ID: newID(), OrganizationID: p.orgs[0].ID, Repository: repository,
		DefaultCPUCores: 1, DefaultMemoryGB: 1, DefaultDiskGB: 10, CreatedAt: now, UpdatedAt: now,
	}
	p.images = append(p.images, image)
	return *image
}

func imageEndpoint(id, rest string) methods {
	switch {
	case rest != "":
		return nil
	case id == "":
		return methods{http.MethodGet: {serve: (*call).listImages}}
	default:
		return methods{http.MethodGet: {serve: func(c *call) error { return c.getImage(id) }}}
	}
}

func (c *call) listImages() error {
	orgs := append(ids(c.r, "orgs"), ids(c.r, "org")...) // coder-cli says either
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	images := []*Image{}
	for _, image := range c.primary.images {
		if len(orgs) == 0 || slices.Contains(orgs, image.OrganizationID) {
			images = append(images, image)
		}
	}
	return c.answer(http.StatusOK, images)
}

func (c *call) getImage(id string) error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	for _, image := range c.primary.images {
		if image.ID == id {
			return c.answer(http.StatusOK, image)
		}
	}
	return notFound("image", id)
}
