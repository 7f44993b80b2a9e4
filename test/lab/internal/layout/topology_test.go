package layout

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/validation"
)

// TestTopologies: every topology can be laid out, with the number of ports that it requests,
// valid DNS labels as names, and no name used twice.
func TestTopologies(t *testing.T) {
	for _, topology := range Topologies() {
		t.Run(topology.Name, func(t *testing.T) {
			lab := layTopology(t, topology)
			checkPorts(t, lab)
			if got := len(allPorts(lab)); got != topology.ports() {
				t.Errorf("%d ports are claimed, %d are used", topology.ports(), got)
			}
			for _, name := range topology.taken() {
				if problems := validation.IsDNS1123Label(name); len(problems) > 0 {
					t.Errorf("the name %q: %v", name, problems)
				}
			}
			var providers []string
			for _, region := range lab.Regions {
				for _, provider := range region.Providers {
					if lab.Cluster(provider.Context).Server == "" {
						t.Errorf("provider %s has no cluster", provider.Name)
					}
					if provider.BuiltIn != (provider.EnvproxyURL == "") {
						t.Errorf("provider %s, built in: %v, has the envproxy %q", provider.Name, provider.BuiltIn, provider.EnvproxyURL)
					}
					providers = append(providers, provider.Name)
				}
				if (region.Context == "") != (region.AccessURL == "") {
					t.Errorf("region %s has its satellite in %q at %q", region.Name, region.Context, region.AccessURL)
				}
			}
			slices.Sort(providers)
			if len(slices.Compact(slices.Clone(providers))) != len(providers) {
				t.Errorf("providers of one name: %v", providers)
			}
		})
	}
}

// TestContexts: the clusters in a lab of all topologies, each with its own API server and audit
// log.
func TestContexts(t *testing.T) {
	topology, err := Find("all")
	if err != nil {
		t.Fatal(err)
	}
	lab := layTopology(t, topology)
	var contexts []string
	for _, cluster := range lab.Clusters {
		contexts = append(contexts, cluster.Context)
		if cluster.AuditLog != lab.Path(cluster.Context, "audit.log") {
			t.Errorf("the audit log of %s: %s", cluster.Context, cluster.AuditLog)
		}
	}
	want := []string{"sydney", "london-edge", "london-a", "london-b", "paris", "headquarters"}
	if diff := cmp.Diff(want, contexts); diff != "" {
		t.Errorf("clusters (-want +got):\n%s", diff)
	}
	if got := lab.Cluster("tokyo"); got != (Cluster{}) {
		t.Errorf("a cluster that does not exist: %+v", got)
	}
}

// TestSimpleRegion: programs that read only regions in lab.json find the cluster and the legacy
// path of a simple region, and of no other.
func TestSimpleRegion(t *testing.T) {
	topology, err := Find("all")
	if err != nil {
		t.Fatal(err)
	}
	lab := layTopology(t, topology)
	sydney, cluster := lab.Regions[0], lab.Cluster("sydney")
	if !sydney.Simple() || sydney.Server != cluster.Server || sydney.AuditLog != cluster.AuditLog || sydney.EnvproxyURL != sydney.Providers[0].EnvproxyURL {
		t.Errorf("a simple region: %+v", sydney)
	}
	for _, region := range lab.Regions[1:] {
		if region.Simple() || region.Server+region.AuditLog+region.EnvproxyURL != "" {
			t.Errorf("region %s is not simple: %+v", region.Name, region)
		}
	}
}

func TestWith(t *testing.T) {
	spread, err := Find("spread")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"london", "london-edge", "london-b", "pki"} {
		if _, err := spread.With(name); err == nil || !strings.Contains(err.Error(), "--regions: the name \""+name+"\" is taken") {
			t.Errorf("%s: %v", name, err)
		}
	}
	more, err := spread.With("tokyo")
	if err != nil || len(more.regions) != 2 || len(spread.regions) != 1 {
		t.Errorf("spread has %d regions, and %d with tokyo: %v", len(spread.regions), len(more.regions), err)
	}
}

func TestFindRefuses(t *testing.T) {
	want := `--topology: there is no topology "": use simple, spread, shared, builtin, all`
	if _, err := Find(""); err == nil || err.Error() != want {
		t.Errorf("want %q, got %v", want, err)
	}
}
