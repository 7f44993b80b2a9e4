package fleet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	helm "helm.sh/helm/v3/pkg/cli/values"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

func TestCommand(t *testing.T) {
	const url = "https://coder-sydney.example.com"
	for name, c := range map[string]struct {
		region fleet.Region
		verb   string
		want   string
	}{
		"a file's region":   {fleet.Region{Name: "sydney", Selector: "--filename fleet.yaml --region sydney"}, "status", "kubectl coder-satellite status --filename fleet.yaml --region sydney"},
		"unknown origin":    {fleet.Region{Name: "sydney"}, "rollback", "kubectl coder-satellite rollback --region sydney"},
		"flags, migrate":    {fromFlags(t, fleet.Flags{Contexts: []string{"syd"}, AccessURL: url, Chart: "coder", Sets: helm.Options{Values: []string{"password=secret"}}}), "migrate", "kubectl coder-satellite migrate --context syd --access-url " + url + " --chart coder --set ..."},
		"flags, status":     {fromFlags(t, fleet.Flags{Contexts: []string{"syd"}, AccessURL: url, Chart: "coder", Namespace: "edge"}), "status", "kubectl coder-satellite status --context syd --namespace edge --access-url " + url},
		"further":           {fromFlags(t, fleet.Flags{Contexts: []string{"syd"}, AccessURL: url, CoderURL: "https://coder.example.com", Further: []string{"--kubeconfig", "my config", "--coder-token-file", ""}}), "status", "kubectl coder-satellite status --context syd --access-url " + url + " --coder-url https://coder.example.com --kubeconfig 'my config'"},
		"a name with quote": {fromFlags(t, fleet.Flags{Contexts: []string{"it's far"}, AccessURL: url}), "status", `kubectl coder-satellite status --context 'it'\''s far' --access-url ` + url},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, c.region.Command(c.verb)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// fromFlags returns the only region that the flags describe.
func fromFlags(t *testing.T, flags fleet.Flags) fleet.Region {
	t.Helper()
	loaded, err := flags.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Regions[0]
}
