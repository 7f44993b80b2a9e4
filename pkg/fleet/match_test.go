package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

func provider(id, name, address string) coder.Provider {
	return coder.Provider{ID: id, Name: name, Config: coder.ProviderConfig{ClusterAddress: address}}
}

func providers() []coder.Provider {
	builtIn := provider("id-0", "built-in", "https://kubernetes.default.svc")
	builtIn.BuiltIn = true
	return []coder.Provider{
		builtIn,
		provider("id-1", "sydney", "https://Sydney.example.com:443/"),
		provider("id-2", "london", "london.example.com:6443"),
		provider("id-3", "twin", "https://twin.example.com"),
		provider("id-4", "twin", "https://twin.example.com:443"),
		provider("id-5", "six", "https://[2001:DB8:0::7]:6443"),
		provider("id-6", "proxied", "https://rancher.example.com/k8s/clusters/c-1"),
		provider("id-7", "proxied-too", "https://rancher.example.com/k8s/clusters/c-2/"),
		provider("id-8", "empty", ""),
		provider("id-9", "mapped", "https://[::ffff:10.0.0.9]:6443"),
	}
}

// withSatellite is a region that has a satellite.
var withSatellite = fleet.Region{Name: "r", Satellite: fleet.Satellite{Context: "edge"}}

// The built-in provider can only belong to a region without a satellite.
func TestMatchBuiltIn(t *testing.T) {
	got, err := fleet.MatchProvider(fleet.Region{Name: "hq"}, fleet.Provider{Name: "built-in", Context: "main"}, "https://api.example.com", providers())
	if err != nil || got.ID != "id-0" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestMatchProvider(t *testing.T) {
	tests := map[string]struct {
		provider, server string
		want             string   // the ID
		err              []string // parts of the error
	}{
		"by name":                  {provider: "sydney", server: "https://elsewhere.example.com", want: "id-1"},
		"by ID":                    {provider: "id-3", want: "id-3"},
		"default port":             {server: "https://sydney.example.com", want: "id-1"},
		"trailing dot":             {server: "https://sydney.example.com./", want: "id-1"},
		"no scheme at the primary": {server: "https://london.example.com:6443", want: "id-2"},
		"upper-case scheme":        {server: "HTTPS://london.example.com:6443/", want: "id-2"},
		"IPv6":                     {server: "https://[2001:db8::7]:6443", want: "id-5"},
		"IPv4 in IPv6":             {server: "https://10.0.0.9:6443", want: "id-9"},
		"path":                     {server: "https://rancher.example.com/k8s/clusters/c-2", want: "id-7"},
		"other port":               {server: "https://sydney.example.com:6443", err: []string{"no workspace provider", "https://sydney.example.com:6443", `"ctx"`, "--provider", "sydney https://Sydney.example.com:443/"}},
		"unknown name":             {provider: "sidney", err: []string{`named "sidney"`, `did you mean "sydney"?`}},
		"nothing near":             {provider: "qqqqqqqq", err: []string{"there are: built-in, sydney"}},
		"two of one name":          {provider: "twin", err: []string{"2 workspace providers", "twin (ID id-3), twin (ID id-4)", "--provider"}},
		"two of one address":       {server: "https://twin.example.com", err: []string{"2 workspace providers", "id-3", "id-4"}},
		"built in":                 {provider: "built-in", err: []string{"built into the primary", "no satellite", "--provider"}},
		"built in by address":      {server: "https://kubernetes.default.svc:443", err: []string{"built into the primary"}},
		"no server":                {server: "", err: []string{"no workspace provider"}},
		"not a URL":                {server: "https://%zz", err: []string{"no workspace provider"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := fleet.MatchProvider(withSatellite, fleet.Provider{Name: tt.provider, Context: "ctx"}, tt.server, providers())
			if got.ID != tt.want {
				t.Errorf("got provider %q, want %q (%v)", got.ID, tt.want, err)
			}
			if (err != nil) != (len(tt.err) > 0) {
				t.Fatalf("error: %v", err)
			}
			for _, want := range tt.err {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in: %v", want, err)
				}
			}
		})
	}
}

func TestMatchProviderListsFew(t *testing.T) {
	var many []coder.Provider
	for i := range 25 {
		many = append(many, provider(fmt.Sprint(i), fmt.Sprintf("p%02d", i), "https://x.example.com"))
	}
	_, err := fleet.MatchProvider(withSatellite, fleet.Provider{Context: "ctx"}, "https://y.example.com", many)
	if err == nil || !strings.Contains(err.Error(), "p11 https://x.example.com and 13 more") {
		t.Errorf("got %v", err)
	}
	_, err = fleet.MatchProvider(withSatellite, fleet.Provider{Context: "ctx"}, "https://y.example.com", nil)
	if err == nil || !strings.Contains(err.Error(), "no other providers") {
		t.Errorf("got %v", err)
	}
}

func TestDiscover(t *testing.T) {
	all := append(providers(), provider("id-10", "proxied", "https://other.example.com"), provider("id-11", "a b", "https://ab.example.com"))
	got, notes := fleet.Discover("https://coder.example.com/", []fleet.Cluster{
		{Context: "syd", Server: "https://sydney.example.com"},
		{Context: "syd-admin", Server: "https://sydney.example.com:443"},
		{Context: "rancher", Server: "https://rancher.example.com/k8s/clusters/c-1"},
		{Context: "other", Server: "https://other.example.com"},
		{Context: "spaces", Server: "https://ab.example.com"},
		{Context: "twin", Server: "https://twin.example.com"},
		{Context: "gone", Server: "https://gone.example.com"},
		{Context: "primary", Server: "https://kubernetes.default.svc"},
	}, all)
	want := v1alpha1.Fleet{
		Coder: v1alpha1.Coder{URL: "https://coder.example.com"},
		Chart: v1alpha1.Chart{Repo: fleet.DefaultChartRepo, Name: fleet.DefaultChartName},
		Regions: []v1alpha1.Region{
			{Name: "sydney", Context: "syd", Provider: "sydney"},
			{Name: "proxied", Context: "rancher", Provider: "id-6"},
			{Name: "proxied-2", Context: "other", Provider: "id-10"},
			{Name: "a-b", Context: "spaces", Provider: "a b"},
			{Name: "twin", Context: "twin", Providers: []v1alpha1.RegionProvider{{Name: "id-3"}, {Name: "id-4"}}},
			{Name: "built-in", Satellite: v1alpha1.Satellite{ManagedBy: "none"}, Providers: []v1alpha1.RegionProvider{{Name: "built-in", Context: "primary"}}},
		},
	}
	want.SetGroupVersionKind(v1alpha1.GroupVersion().WithKind(v1alpha1.KindFleet))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fleet (-want +got):\n%s", diff)
	}
	golden(t, "testdata/discover.notes", []byte(strings.Join(notes, "\n")+"\n"))

	none, notes := fleet.Discover("", nil, nil)
	if len(none.Regions) != 0 || len(notes) != 0 {
		t.Errorf("got %+v, %q", none, notes)
	}
}
