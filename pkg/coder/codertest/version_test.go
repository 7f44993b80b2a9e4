package codertest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// What each version reports, supports and refuses.
func TestVersions(t *testing.T) {
	for _, test := range []struct {
		version    string
		satellites int  // status of the list of satellites
		field      bool // whether providers show enable_net_v2
		patch      int  // status of a change of that field
	}{
		{"1.20.0", 404, false, 400},
		{"v1.20.6", 404, false, 400},
		{"1.21.0", 200, true, 204},
		{"v1.21.3", 200, true, 204},
		{"1.21.3-rc.1", 200, true, 204},
		{"1.22.0", 200, false, 400},
		{"1.22-rc1", 200, false, 400},
		{"1.44.6", 200, false, 400},
		{"2.0.0", 200, false, 400},
	} {
		t.Run(test.version, func(t *testing.T) {
			d := start(t, codertest.Options{Version: test.version})
			on := true
			provider := d.AddProvider(codertest.Provider{Name: "sydney", EnableNetV2: &on})
			if got := d.call(t, "", http.MethodGet, "/api", nil); got.status != 200 || got.header.Get("Coder-Version") != test.version {
				t.Errorf("GET /api: status %d, version %q", got.status, got.header.Get("Coder-Version"))
			}
			if got := d.call(t, codertest.RoleAdmin, http.MethodGet, "/api/private/satellites", nil); got.status != test.satellites {
				t.Errorf("satellites: status %d, want %d", got.status, test.satellites)
			}
			for _, path := range []string{"/api/private/resource-pools", "/api/private/resource-pools/" + provider.ID} {
				if got := d.manager(t, http.MethodGet, path, nil, 200); strings.Contains(got.body, "enable_net_v2") != test.field {
					t.Errorf("%s: %s", path, got.body)
				}
			}
			got := d.manager(t, http.MethodPatch, "/api/private/resource-pools/"+provider.ID, map[string]bool{"enable_net_v2": false}, test.patch)
			if test.patch == 400 {
				if _, message := got.message(t); !strings.Contains(message, "unknown field") {
					t.Errorf("the message is %q", message)
				}
			}
			if now := d.Providers()[0]; *now.EnableNetV2 == (test.patch == 204) {
				t.Errorf("the option is %v", *now.EnableNetV2)
			}
		})
	}
}

// An upgrade takes effect at once, and keeps existing data.
func TestUpgrade(t *testing.T) {
	d := start(t, codertest.Options{Version: "1.20.0"})
	satellite, _, _ := d.satellite(t, nil)
	d.SetVersion("1.21.3")
	d.register(t, "sydney", satellite)
	d.SetVersion("1.22.0")
	if got := d.Satellites(); len(got) != 1 || got[0].Fingerprint != satellite.Fingerprint() {
		t.Errorf("after the upgrade the satellites are %v", got)
	}
	for _, nonsense := range []string{"unknown", "v", ""} {
		d.SetVersion(nonsense)
		got := d.manager(t, http.MethodGet, "/api", nil, 200)
		if values := got.header.Values("Coder-Version"); strings.Join(values, "") != nonsense || nonsense == "" && values != nil {
			t.Errorf("version %q is reported as %q", nonsense, values)
		}
		d.manager(t, http.MethodGet, "/api/private/satellites", nil, 200)
	}
	if got := d.State().Version; got != "" {
		t.Errorf("the state says version %q", got)
	}
}
