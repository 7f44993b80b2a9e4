package codertest

import (
	"net/http"
	"slices"
)

// AddProvider adds a workspace provider, and fills in an empty ID.
func (p *Primary) AddProvider(provider Provider) Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	if provider.ID == "" {
		provider.ID = newID()
	}
	if provider.Status == "" {
		provider.Status = "ready"
	}
	if provider.OrgWhitelist == nil {
		provider.OrgWhitelist = []string{p.orgs[0].ID}
	}
	on := provider.EnableNetV2 != nil && *provider.EnableNetV2
	provider.EnableNetV2 = &on
	p.providers = append(p.providers, &provider)
	return provider
}

// RemoveProvider removes the provider of that ID, if there is one.
func (p *Primary) RemoveProvider(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.providers = slices.DeleteFunc(p.providers, func(provider *Provider) bool { return provider.ID == id })
}

// Providers returns the present providers.
func (p *Primary) Providers() []Provider {
	p.mu.Lock()
	defer p.mu.Unlock()
	providers := make([]Provider, len(p.providers))
	for i, provider := range p.providers {
		providers[i] = *provider
	}
	return providers
}

func providerEndpoint(id, rest string) methods {
	with := func(serve func(*call, *Provider) error) func(*call) error {
		return func(c *call) error {
			c.primary.mu.Lock()
			defer c.primary.mu.Unlock()
			for _, provider := range c.primary.providers {
				if provider.ID == id {
					return serve(c, provider)
				}
			}
			return notFound("workspace provider", id)
		}
	}
	switch {
	case id == "":
		return methods{http.MethodGet: {serve: (*call).listProviders}}
	case rest == "":
		return methods{
			http.MethodGet: {serve: with(func(c *call, provider *Provider) error {
				return c.answer(http.StatusOK, c.shown(provider))
			})},
			http.MethodPatch: {manage: true, serve: func(c *call) error { return c.patchProvider(id) }},
		}
	case rest == "workspaces":
		return methods{http.MethodGet: {serve: with((*call).listProviderWorkspaces)}}
	case rest == "cordon":
		return methods{http.MethodPost: {manage: true, serve: func(c *call) error {
			var body struct {
				Reason string `json:"reason"`
			}
			if err := c.decode(&body); err != nil {
				return err
			}
			return with(func(c *call, provider *Provider) error {
				provider.Cordoned, provider.CordonReason = true, body.Reason
				return c.done()
			})(c)
		}}}
	case rest == "uncordon":
		return methods{http.MethodPost: {manage: true, serve: with(func(c *call, provider *Provider) error {
			provider.Cordoned, provider.CordonReason = false, ""
			return c.done()
		})}}
	default:
		return nil
	}
}

// shown is a provider as this version shows it. The caller holds mu.
func (c *call) shown(provider *Provider) Provider {
	view := *provider
	if !c.primary.hasNetV2() {
		view.EnableNetV2 = nil
	}
	return view
}

func (c *call) listProviders() error {
	c.primary.mu.Lock()
	defer c.primary.mu.Unlock()
	list := []Provider{}
	for _, provider := range c.primary.providers {
		list = append(list, c.shown(provider))
	}
	return c.answer(http.StatusOK, map[string]any{"kubernetes": list})
}

// change sets the field to the value, if there is one.
func change[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// patchProvider changes the fields in the body, except those that the primary maintains.
func (c *call) patchProvider(id string) error {
	var body struct {
		Name              *string   `json:"name"`
		EnvproxyAccessURL *string   `json:"envproxy_access_url"`
		DevurlHost        *string   `json:"devurl_host"`
		OrgWhitelist      *[]string `json:"org_whitelist"`
		EnableNetV2       *bool     `json:"enable_net_v2"`
		Config            struct {
			ClusterAddress      *string `json:"cluster_address"`
			DefaultNamespace    *string `json:"default_namespace"`
			StorageClass        *string `json:"storage_class"`
			ClusterDomainSuffix *string `json:"cluster_domain_suffix"`
			SSHEnabled          *bool   `json:"ssh_enabled"`
		} `json:"config"`
	}
	if err := c.decode(&body); err != nil {
		return err
	}
	p := c.primary
	p.mu.Lock()
	defer p.mu.Unlock()
	if body.EnableNetV2 != nil && !p.hasNetV2() {
		return refuse(http.StatusBadRequest, "bad_request", "the body is invalid: json: unknown field \"enable_net_v2\"")
	}
	i := slices.IndexFunc(p.providers, func(provider *Provider) bool { return provider.ID == id })
	if i < 0 {
		return notFound("workspace provider", id)
	}
	provider := p.providers[i]
	if body.Name != nil {
		taken := slices.ContainsFunc(p.providers, func(other *Provider) bool { return other.ID != id && other.Name == *body.Name })
		switch {
		case *body.Name == "":
			return refuse(http.StatusBadRequest, "bad_request", "name must not be empty")
		case taken:
			return refuse(http.StatusConflict, "conflict", "a workspace provider named %q exists already", *body.Name)
		}
		provider.Name = *body.Name
	}
	change(&provider.EnvproxyAccessURL, body.EnvproxyAccessURL)
	change(&provider.DevurlHost, body.DevurlHost)
	change(&provider.OrgWhitelist, body.OrgWhitelist)
	change(&provider.Config.ClusterAddress, body.Config.ClusterAddress)
	change(&provider.Config.DefaultNamespace, body.Config.DefaultNamespace)
	change(&provider.Config.StorageClass, body.Config.StorageClass)
	change(&provider.Config.ClusterDomainSuffix, body.Config.ClusterDomainSuffix)
	change(&provider.Config.SSHEnabled, body.Config.SSHEnabled)
	if body.EnableNetV2 != nil {
		on, was := *body.EnableNetV2, *provider.EnableNetV2
		provider.EnableNetV2 = &on
		if on != was && p.rebuildsOnToggle() {
			p.rebuildProvider(id)
		}
	}
	if p.options.PatchWithBody {
		return c.answer(http.StatusOK, c.shown(provider))
	}
	return c.done()
}

// listProviderWorkspaces lists the provider's workspaces that the user may see (chosen). The caller holds mu.
func (c *call) listProviderWorkspaces(provider *Provider) error {
	list := []Workspace{}
	for _, w := range c.primary.workspaces {
		if w.ResourcePoolID == provider.ID && c.maySeeWorkspace(w) {
			list = append(list, w.Workspace)
		}
	}
	return c.answer(http.StatusOK, list)
}
