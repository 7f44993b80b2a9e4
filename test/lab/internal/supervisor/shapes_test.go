package supervisor

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/lab/internal/layout"
)

// stateOf returns the state of the lab's primary.
func stateOf(t *testing.T, lab *layout.Lab) (state codertest.State) {
	t.Helper()
	if got := shell(t, lab, "curl -sS "+lab.ControlURL+"/state"); json.Unmarshal([]byte(got), &state) != nil {
		t.Fatalf("the primary's state: %s", got)
	}
	return state
}

// TestLabShared checks a real lab with two topologies: each provider has its own release and its
// own legacy path, in its own namespace or cluster.
func TestLabShared(t *testing.T) {
	helm := binary(t, "helm")
	lab := bringUpLab(t, "--topology", "shared", "--regions", "sydney")
	for context, want := range map[string]string{"paris": "coder-1 coder-2", "sydney": "coder"} {
		got := shell(t, lab, "'"+helm+"' --kube-context "+context+" list -A -o json")
		var releases []struct{ Namespace, Chart string }
		if err := json.Unmarshal([]byte(got), &releases); err != nil {
			t.Fatalf("%v: %s", err, got)
		}
		var namespaces []string
		for _, release := range releases {
			if release.Chart != "workspace-provider-1.20.0" {
				t.Errorf("an unexpected release of %s: %+v", context, release)
			}
			namespaces = append(namespaces, release.Namespace)
		}
		if slices.Sort(namespaces); strings.Join(namespaces, " ") != want { // Helm sorts only by name, and these are equal
			t.Errorf("releases of %s in %q, want %q", context, namespaces, want)
		}
	}
	if got := shell(t, lab, "kubectl --context paris get namespace coder-satellite -o name"); !strings.Contains(got, "coder-satellite") {
		t.Errorf("the satellite's namespace: %s", got)
	}
	for _, provider := range append(lab.Regions[0].Providers, lab.Regions[1].Providers...) {
		if got := shell(t, lab, "curl -sS "+provider.EnvproxyURL+"/x"); got != "envproxy /x\n" {
			t.Errorf("the legacy path of %s: %q", provider.Name, got)
		}
	}
	known := map[string]string{}
	for _, provider := range stateOf(t, lab).Providers {
		known[provider.Name] = provider.Config.ClusterAddress + " " + provider.Config.DefaultNamespace + " " + provider.EnvproxyAccessURL
	}
	want := map[string]string{}
	for _, region := range lab.Regions {
		for _, provider := range region.Providers {
			want[provider.Name] = lab.Cluster(provider.Context).Server + " " + provider.Namespace + " " + provider.EnvproxyURL
		}
	}
	if diff := cmp.Diff(want, known); diff != "" {
		t.Errorf("providers at the primary (-want +got):\n%s", diff)
	}
}

// TestLabBuiltIn checks a real lab with the primary's own cluster: it has the primary's release
// but no legacy release, and the provider's workspaces are reached through the primary.
func TestLabBuiltIn(t *testing.T) {
	helm := binary(t, "helm")
	lab := bringUpLab(t, "--topology", "builtin")
	if got := shell(t, lab, "'"+helm+"' list -A"); !strings.Contains(got, "coder-1.21.7") || strings.Contains(got, "workspace-provider") {
		t.Errorf("helm list: %s", got)
	}
	state := stateOf(t, lab)
	if len(state.Providers) != 1 || !state.Providers[0].BuiltIn || state.Providers[0].EnvproxyAccessURL != lab.PrimaryURL {
		t.Errorf("providers at the primary: %+v", state.Providers)
	}
	if len(state.Workspaces) != 2 || state.Workspaces[0].Name != "canary-built-in" {
		t.Errorf("workspaces at the primary: %+v", state.Workspaces)
	}
}
