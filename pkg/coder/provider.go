package coder

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
)

const providersPath = "/api/private/resource-pools"

// Provider is a workspace provider, with the fields that this client uses. The API calls it a resource pool.
type Provider struct {
	ID                string `json:"id"`
	Name              string `json:"name"`
	Status            string `json:"status"` // "pending", "ready", perhaps "error"
	BuiltIn           bool   `json:"built_in"`
	EnvproxyAccessURL string `json:"envproxy_access_url"`
	DevurlHost        string `json:"devurl_host"`
	// EnableNetV2 is Networking v2 (coder-cli commit 1ed07d2, v1.21); nil from v1.22 on, where it is always on.
	EnableNetV2 *bool          `json:"enable_net_v2"`
	Config      ProviderConfig `json:"config"`

	raw map[string]any // every field, its numbers as json.Number
}

func (p Provider) id() string { return p.ID }

// ProviderConfig is how the primary reaches the provider's cluster.
type ProviderConfig struct {
	ClusterAddress   string `json:"cluster_address"`
	DefaultNamespace string `json:"default_namespace"`
}

// UnmarshalJSON keeps every field, known or not, for ProviderChanges.
func (p *Provider) UnmarshalJSON(data []byte) error {
	type plain Provider
	if err := json.Unmarshal(data, (*plain)(p)); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode(&p.raw)
}

// ProviderChanges returns the sorted names of the fields, known to this client or not, in which two readings of a
// provider differ, except the Networking v2 flag and what the primary maintains by itself.
func ProviderChanges(before, after Provider) []string {
	fields := maps.Clone(before.raw)
	maps.Copy(fields, after.raw)
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		own := slices.Contains([]string{"enable_net_v2", "status", "updated_at"}, name)
		was, had := before.raw[name]
		is, has := after.raw[name]
		if !own && (had != has || !reflect.DeepEqual(was, is)) {
			changed = append(changed, name)
		}
	}
	return changed
}

// Providers returns all workspace providers.
func (c *Client) Providers(ctx context.Context) ([]Provider, error) {
	return readAll[Provider](ctx, c, providersPath, "kubernetes")
}

// Provider returns the workspace provider with that ID.
func (c *Client) Provider(ctx context.Context, id string) (Provider, error) {
	return readOne[Provider](ctx, c, providerPath(id), "provider")
}

func providerPath(id string) string { return providersPath + "/" + url.PathEscape(id) }

// SetNetworkingV2 sets the provider's flag and nothing else. Whether the real server answers with a body is unknown: the
// caller confirms the change by reading the provider again.
func (c *Client) SetNetworkingV2(ctx context.Context, id string, on bool) error {
	return c.change(ctx, http.MethodPatch, providerPath(id), map[string]bool{"enable_net_v2": on})
}

// CordonProvider keeps new workspaces off the provider.
func (c *Client) CordonProvider(ctx context.Context, id, reason string) error {
	return c.change(ctx, http.MethodPost, providerPath(id)+"/cordon", map[string]string{"reason": reason})
}

// UncordonProvider lets new workspaces on the provider again.
func (c *Client) UncordonProvider(ctx context.Context, id string) error {
	return c.change(ctx, http.MethodPost, providerPath(id)+"/uncordon", nil)
}

// ProviderWorkspaces returns the workspaces on the provider.
func (c *Client) ProviderWorkspaces(ctx context.Context, id string) ([]Workspace, error) {
	return readAll[Workspace](ctx, c, providerPath(id)+"/workspaces", "")
}
