package e2e

import (
	"net"
	"slices"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestSilentCluster: a cluster that accepts connections and never answers does not delay other
// clusters of the same kubeconfig user.
func TestSilentCluster(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.Clusters["sydney"].Server = "https://" + silent.Addr().String()
		config.Contexts["london"].AuthInfo = config.Contexts["sydney"].AuthInfo
	})
	for range 3 { // it is not always the first to log in
		report := document[v1alpha1.StatusReport](t, 1, "status", "-f", "fleet.yaml", "--kubeconfig", kubeconfig, "--request-timeout", "3s")
		for _, region := range report.Regions {
			if region.Name == "sydney" {
				continue
			}
			if unknown := slices.IndexFunc(region.Checks, func(c v1alpha1.CheckResult) bool { return c.State == v1alpha1.CheckUnknown }); unknown >= 0 {
				t.Errorf("region %s: %+v", region.Name, region.Checks[unknown])
			}
			if region.Phase != v1alpha1.PhaseLegacy {
				t.Errorf("region %s: phase %s", region.Name, region.Phase)
			}
		}
	}
}
