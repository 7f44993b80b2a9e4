package supervisor

import (
	"bytes"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/pki"
)

// TestFleetOfAll: the Fleet file has each region in its shortest form.
func TestFleetOfAll(t *testing.T) {
	lab := savedShape(t, 0, "all")
	if err := writeFleet(lab); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Regions any }
	if err := yaml.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	want := []any{
		object{"name": "sydney", "context": "sydney", "accessURL": lab.Regions[0].AccessURL},
		object{"name": "london", "context": "london-edge", "accessURL": lab.Regions[1].AccessURL, "providers": []any{
			object{"name": "london-a", "context": "london-a"}, object{"name": "london-b", "context": "london-b"},
		}},
		object{"name": "paris", "context": "paris", "accessURL": lab.Regions[2].AccessURL, "providers": []any{
			object{"name": "paris-1"}, object{"name": "paris-2"},
		}},
		object{"name": "headquarters", "satellite": "none", "providers": []any{
			object{"name": "built-in", "context": "headquarters"},
		}},
	}
	if diff := cmp.Diff(want, got.Regions); diff != "" {
		t.Errorf("the regions of the Fleet (-want +got):\n%s", diff)
	}
}

// TestContextsOfAll: the operator's kubeconfig has one context per cluster.
func TestContextsOfAll(t *testing.T) {
	lab := savedShape(t, 0, "all")
	files, err := pki.Make(lab.Path("pki"), lab.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	makeFolders(t, lab)
	if err := writeKubeconfigs(lab, files); err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.LoadFromFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	got, want := map[string]string{}, map[string]string{}
	for name, context := range config.Contexts {
		got[name] = config.Clusters[context.Cluster].Server
	}
	for _, cluster := range lab.Clusters {
		want[cluster.Context] = cluster.Server
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) != 6 {
		t.Errorf("servers by context (-want +got):\n%s", diff)
	}
}

// TestDoors: a cluster's ports lead only to the lab's servers there.
func TestDoors(t *testing.T) {
	lab := savedShape(t, 0, "all")
	type doors struct {
		Access     int
		Envproxies map[string]int
	}
	sydney, london, paris := lab.Regions[0], lab.Regions[1], lab.Regions[2]
	want := map[string]doors{
		"sydney":       {sydney.AccessPort, map[string]int{"coder": sydney.Providers[0].EnvproxyPort}},
		"london-edge":  {london.AccessPort, map[string]int{}},
		"london-a":     {0, map[string]int{"coder": london.Providers[0].EnvproxyPort}},
		"london-b":     {0, map[string]int{"coder": london.Providers[1].EnvproxyPort}},
		"paris":        {paris.AccessPort, map[string]int{"coder-1": paris.Providers[0].EnvproxyPort, "coder-2": paris.Providers[1].EnvproxyPort}},
		"headquarters": {0, map[string]int{}},
	}
	got := map[string]doors{}
	for _, cluster := range lab.Clusters {
		access, envproxies := (&builder{lab: lab}).doors(cluster)
		got[cluster.Context] = doors{access, envproxies}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("doors by cluster (-want +got):\n%s", diff)
	}
}

// TestStatusOfAll: status prints for each region where its satellite and its providers are.
func TestStatusOfAll(t *testing.T) {
	lab := savedShape(t, 0, "all")
	server := func(context string) string { return lab.Cluster(context).Server }
	sydney, london, paris := lab.Regions[0], lab.Regions[1], lab.Regions[2]
	want := "  sydney: API server " + server("sydney") + ", satellite " + sydney.AccessURL + ", envproxy " + sydney.EnvproxyURL + "\n" +
		"  london: satellite " + london.AccessURL + " in london-edge, API server " + server("london-edge") + "\n" +
		"    provider london-a: envproxy " + london.Providers[0].EnvproxyURL + ", in london-a/coder, API server " + server("london-a") + "\n" +
		"    provider london-b: envproxy " + london.Providers[1].EnvproxyURL + ", in london-b/coder, API server " + server("london-b") + "\n" +
		"  paris: satellite " + paris.AccessURL + " in paris, API server " + server("paris") + "\n" +
		"    provider paris-1: envproxy " + paris.Providers[0].EnvproxyURL + ", in paris/coder-1, API server " + server("paris") + "\n" +
		"    provider paris-2: envproxy " + paris.Providers[1].EnvproxyURL + ", in paris/coder-2, API server " + server("paris") + "\n" +
		"  headquarters: no satellite\n" +
		"    provider built-in: through the primary, in headquarters/coder, API server " + server("headquarters") + "\n"
	var out bytes.Buffer
	for _, region := range lab.Regions {
		if err := statusOf(region, lab, &out); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}
