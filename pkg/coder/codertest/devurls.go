package codertest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// DevURL is an address at which a port of a workspace is served.
type DevURL struct {
	ID     string `json:"id"`
	URL    string `json:"url"`
	Port   int    `json:"port"`
	Access string `json:"access"`
	Name   string `json:"name"`
	Scheme string `json:"scheme"`
}

// devURLEndpoint is the Dev URLs of a workspace; id is one of them.
func devURLEndpoint(workspaceID, id string) methods {
	with := func(serve func(*call, *workspace) error) func(*call) error {
		return func(c *call) error { return c.withWorkspace(workspaceID, serve) }
	}
	if id == "" {
		return methods{
			http.MethodGet: {serve: with(func(c *call, w *workspace) error {
				return c.answer(http.StatusOK, append([]DevURL{}, w.devURLs...))
			})},
			http.MethodPost: {serve: func(c *call) error { return c.putDevURL(workspaceID, "") }},
		}
	}
	return methods{
		http.MethodPut: {serve: func(c *call) error { return c.putDevURL(workspaceID, id) }},
		http.MethodDelete: {serve: with(func(c *call, w *workspace) error {
			i := slices.IndexFunc(w.devURLs, func(u DevURL) bool { return u.ID == id })
			if i < 0 {
				return notFound("dev URL", id)
			}
			w.devURLs = slices.Delete(w.devURLs, i, i+1)
			return c.done()
		})},
	}
}

// putDevURL creates or overwrites a Dev URL.
func (c *call) putDevURL(workspaceID, id string) error {
	var body struct {
		WorkspaceID string `json:"workspace_id"`
		Port        int    `json:"port"`
		Access      string `json:"access"`
		Name        string `json:"name"`
		Scheme      string `json:"scheme"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	return c.withWorkspace(workspaceID, func(c *call, w *workspace) error {
		i := slices.IndexFunc(w.devURLs, func(u DevURL) bool { return u.ID == id })
		samePort := slices.ContainsFunc(w.devURLs, func(u DevURL) bool { return u.Port == body.Port && u.ID != id })
		switch {
		case id != "" && i < 0:
			return notFound("dev URL", id)
		case body.Port < 1 || body.Port > 65535:
			return refuse(http.StatusBadRequest, "bad_request", "%d is not a port", body.Port)
		case !slices.Contains([]string{"PRIVATE", "ORG", "AUTHED", "PUBLIC"}, body.Access):
			return refuse(http.StatusBadRequest, "bad_request", "access %q is not PRIVATE, ORG, AUTHED or PUBLIC", body.Access)
		case samePort:
			return refuse(http.StatusConflict, "conflict", "port %d has a dev URL already", body.Port)
		}
		made := DevURL{ID: cmp.Or(id, newID()), Port: body.Port, Access: body.Access, Name: body.Name, Scheme: cmp.Or(body.Scheme, "http")}
		made.URL = c.devURL(w, made)
		if i < 0 {
			w.devURLs = append(w.devURLs, made)
		} else {
			w.devURLs[i] = made
		}
		return c.done()
	})
}

// devURL is the address of a Dev URL below the provider's host for them, or below localhost without one (chosen). The
// caller holds mu.
func (c *call) devURL(w *workspace, u DevURL) string {
	host := "*.localhost"
	for _, provider := range c.primary.providers {
		if provider.ID == w.ResourcePoolID {
			host = cmp.Or(provider.DevurlHost, host)
		}
	}
	label := cmp.Or(u.Name, strconv.Itoa(u.Port)) + "--" + w.Name
	if owner := c.primary.user(w.UserID); owner != nil {
		label += "--" + owner.Username
	}
	return "https://" + strings.Replace(host, "*", label, 1)
}
