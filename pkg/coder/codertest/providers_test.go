package codertest_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

const pools = "/api/private/resource-pools"

// A change affects only the named field. The answer has a body only if the option says so.
func TestPatchProviderChangesThatFieldAlone(t *testing.T) {
	for _, withBody := range []bool{false, true} {
		d := start(t, codertest.Options{PatchWithBody: withBody})
		provider := d.AddProvider(codertest.Provider{
			Name: "sydney", EnvproxyAccessURL: "https://proxy.example.com", DevurlHost: "*.example.com",
			Config: codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1:6443", DefaultNamespace: "coder", SSHEnabled: true},
		})
		other := d.AddProvider(codertest.Provider{Name: "london"})
		path := pools + "/" + provider.ID
		for _, test := range []struct{ field, body string }{
			{"enable_net_v2", `{"enable_net_v2": true}`},
			{"name", `{"name": "melbourne"}`},
			{"org_whitelist", `{"org_whitelist": []}`},
			{"envproxy_access_url", `{"envproxy_access_url": "https://elsewhere.example.com"}`},
			{"devurl_host", `{"devurl_host": ""}`},
			{"config", `{"config": {"ssh_enabled": false}}`},
			{"", `{}`},
			{"", `{"name": null, "enable_net_v2": null}`},
		} {
			before := decode[map[string]json.RawMessage](t, d.manager(t, http.MethodGet, path, nil, 200))
			if withBody {
				shown := d.manager(t, http.MethodPatch, path, test.body, 200)
				if now := d.manager(t, http.MethodGet, path, nil, 200); shown.body != now.body {
					t.Errorf("%s: the answer is %s, but now it is %s", test.body, shown.body, now.body)
				}
			} else if got := d.manager(t, http.MethodPatch, path, test.body, 204); got.body != "" || got.header.Get("Content-Type") != "" {
				t.Errorf("%s: the answer has a body: %q", test.body, got.body)
			}
			after := decode[map[string]json.RawMessage](t, d.manager(t, http.MethodGet, path, nil, 200))
			for field := range after {
				if changed := string(before[field]) != string(after[field]); changed != (field == test.field) {
					t.Errorf("%s: field %s was %s and is %s", test.body, field, before[field], after[field])
				}
			}
		}
		if diff := cmp.Diff(other, d.Providers()[1]); diff != "" {
			t.Errorf("another provider changed: %s", diff)
		}
	}
}

// A change of the provider's config keeps its other fields. Fields that only the primary may set
// are refused.
func TestPatchProviderConfig(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney", Config: codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1:6443", DefaultNamespace: "coder"}})
	d.manager(t, http.MethodPatch, pools+"/"+provider.ID, `{"config": {"storage_class": "fast", "cluster_domain_suffix": "local"}}`, 204)
	want := codertest.ProviderConfig{ClusterAddress: "https://10.0.0.1:6443", DefaultNamespace: "coder", StorageClass: "fast", ClusterDomainSuffix: "local"}
	if diff := cmp.Diff(want, d.Providers()[0].Config); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, field := range []string{"id", "status", "built_in"} {
		d.manager(t, http.MethodPatch, pools+"/"+provider.ID, `{"`+field+`": "x"}`, 400)
	}
}

// A provider may keep its own name.
func TestRenameProviderToItsOwnName(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.manager(t, http.MethodPatch, pools+"/"+provider.ID, `{"name":"sydney"}`, 204)
}

func TestCordon(t *testing.T) {
	d := start(t, codertest.Options{})
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	d.manager(t, http.MethodPost, pools+"/"+provider.ID+"/cordon", `{"reason":"moving"}`, 204)
	if got := d.Providers()[0]; !got.Cordoned || got.CordonReason != "moving" {
		t.Errorf("after cordon: %+v", got)
	}
	d.manager(t, http.MethodPost, pools+"/"+provider.ID+"/uncordon", nil, 204)
	if got := d.Providers()[0]; got.Cordoned || got.CordonReason != "" {
		t.Errorf("after uncordon: %+v", got)
	}
}

// Values that callers pass or receive are copies, so callers cannot change the primary's state.
func TestProvidersAreCopies(t *testing.T) {
	d := start(t, codertest.Options{})
	on := false
	d.AddProvider(codertest.Provider{ID: "p1", Name: "sydney", Status: "pending", OrgWhitelist: []string{"o"}, EnableNetV2: &on})
	on = true
	d.Providers()[0].Name = "changed"
	got := d.Providers()[0]
	if *got.EnableNetV2 || got.Name != "sydney" || got.ID != "p1" || got.Status != "pending" || got.OrgWhitelist[0] != "o" {
		t.Errorf("the provider is %+v", got)
	}
}
