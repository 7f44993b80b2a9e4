package topology

import (
	"os"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// cuttable returns a kubeconfig that reaches the context's cluster over a line that can be cut.
func cuttable(t *testing.T, context string) (line *inlab.Line, kubeconfig string) {
	t.Helper()
	config, err := clientcmd.LoadFromFile(lab.Kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	cluster := config.Clusters[config.Contexts[context].Cluster]
	if line, err = inlab.NewLine(strings.TrimPrefix(cluster.Server, "https://")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Cut)
	cluster.Server = "https://" + line.Address
	return line, written(t, config)
}

func written(t *testing.T, config *clientcmdapi.Config) string {
	t.Helper()
	file, err := os.CreateTemp(lab.Dir, "kubeconfig-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(file.Name()) })
	_ = file.Close()
	if err := clientcmd.WriteToFile(*config, file.Name()); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

// TestOneClusterUnreachable: a cluster is unreachable from the start. A provider's cluster does
// not keep other providers from migrating, except with --whole-regions. The satellite's cluster
// does not keep providers from rolling back.
func TestOneClusterUnreachable(t *testing.T) {
	t.Cleanup(func() { reset(t, "london") })
	line, kubeconfig := cuttable(t, "london-b")
	line.Cut()
	of := []string{"-f", "fleet.yaml", "--region", "london", "--yes", "--kubeconfig", kubeconfig, "--request-timeout", "3s"}
	plugin(t, 5, append([]string{"migrate", "--whole-regions"}, of...)...)
	switches(t, map[string]bool{"london-a": false, "london-b": false})
	report := reported(t, plugin(t, 3, append([]string{"migrate", "-o", "json"}, of...)...))
	switches(t, map[string]bool{"london-a": true, "london-b": false})
	if got := report.Providers[1]; got.Outcome != v1alpha1.OutcomePreflightFailed {
		t.Errorf("%s: %s", got.Name, got.Outcome)
	}

	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "london", "--yes")
	switches(t, all("london", true))
	edge, kubeconfig := cuttable(t, "london-edge")
	edge.Cut()
	plugin(t, 0, "rollback", "-f", "fleet.yaml", "--region", "london", "--yes", "--kubeconfig", kubeconfig, "--request-timeout", "3s")
	switches(t, all("london", false))
}

// lockDuration is long enough to keep a lock on a busy machine.
const lockDuration = 10 * time.Second

// TestOneClusterGoesAway: one of the three clusters becomes unreachable at a step, until the run
// has ended. Whatever the run does then, no user is left on a broken path, and the next run
// completes the region.
func TestOneClusterGoesAway(t *testing.T) {
	steps := []string{"install-satellite", "register-satellite", "enable-networking-v2 (london-a)", "rebuild-canary (london-a)",
		"enable-networking-v2 (london-b)", "rebuild-canary (london-b)"}
	for i, cluster := range []string{"london-edge", "london-a", "london-b"} {
		for j, step := range steps {
			// `make test` runs a third of the pairs, with each step once
			if os.Getenv("CODER_SATELLITE_CRASH") != "all" && j%3 != i {
				continue
			}
			t.Run(cluster+" at "+step, func(t *testing.T) {
				t.Cleanup(func() { reset(t, "london") })
				line, kubeconfig := cuttable(t, cluster)
				run := begin(t, "migrate", "-f", "fleet.yaml", "--region", "london", "--yes", "-o", "json", "--kubeconfig", kubeconfig,
					"--request-timeout", "3s", "--lock-duration", lockDuration.String(), "--step-timeout", "20s", "--evidence-dir", t.TempDir())
				if !run.says(t, step+"  running") {
					t.Fatalf("it ended before: %s", run.outcome(t))
				}
				line.Cut()
				result := run.outcome(t)
				if result.Code == 0 && cluster == "london-edge" && j < 2 {
					t.Errorf("it succeeded without the satellite's cluster: %s", result)
				}
				ruleHolds(t, reported(t, result))
				<-time.After(lockDuration) // locks that the run could not release expire
				plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "london", "--yes")
				switches(t, all("london", true))
			})
		}
	}
}

// ruleHolds fails the test if a provider is on an incomplete path, or if the report is wrong
// about a switch.
func ruleHolds(t *testing.T, report v1alpha1.RegionReport) {
	t.Helper()
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	registered := false
	for _, satellite := range state.Satellites {
		registered = registered || satellite.Name == "london"
	}
	for _, provider := range report.Providers {
		on := providerOf(t, provider.Name).EnableNetV2
		if on != nil && *on && !registered {
			t.Errorf("%s uses Networking v2, and no satellite is registered", provider.Name)
		}
		if after := provider.After; after != nil && after.NetworkingV2 != v1alpha1.NetworkingV2Unknown &&
			(after.NetworkingV2 == v1alpha1.NetworkingV2On) != (on != nil && *on) {
			t.Errorf("the report says that Networking v2 of %s is %s, and it is on: %v", provider.Name, after.NetworkingV2, on != nil && *on)
		}
		if on != nil && *on {
			retained, err := lab.Kubectl(t.Context(), provider.Name, "--namespace", "coder", "get", "secrets",
				"--selector", "coder-satellite.dev/retained=true", "-o", "name")
			if err != nil || retained == "" {
				t.Errorf("%s uses Networking v2, and its legacy release is not retained: %v", provider.Name, err)
			}
		}
	}
}
