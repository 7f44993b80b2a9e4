package e2e

import (
	"strings"
	"testing"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

func TestUnknownContext(t *testing.T) {
	misused(t, []string{`context "sidney" does not exist`, `did you mean "sydney"?`},
		"--context", "sidney", "--access-url", lab.Region("sydney").AccessURL)
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Context = "sidney" })
	misused(t, []string{`region "sydney"`, `context "sidney" does not exist`, `did you mean "sydney"?`}, "-f", fleet)
}

// closedPort is an address where nothing listens: the lab uses no port below 1024.
const closedPort = "https://127.0.0.1:9"

// TestUnreachableCluster: one unreachable region keeps a fleet from being migrated, but status
// still works.
func TestUnreachableCluster(t *testing.T) {
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) { config.Clusters["london"].Server = closedPort })
	says := []string{"cluster-reachable", `context "london"`, "connection refused", "is the cluster up"}
	refused(t, "cluster-reachable", says, "-f", "fleet.yaml", "--kubeconfig", kubeconfig)

	before := marks(t)
	args := []string{"status", "-f", "fleet.yaml", "--kubeconfig", kubeconfig}
	said := plugin(t, 1, args...)
	saysAll(t, "status", said.Stdout, append(says, "sydney", "ohio"))
	report := document[v1alpha1.StatusReport](t, 1, args...)
	quiet(t, before)
	for _, region := range report.Regions {
		reachable, state := region.Name != "london", v1alpha1.CheckState("")
		for _, check := range region.Checks {
			if check.ID == "cluster-reachable" {
				state = check.State
			}
		}
		if passed := state == v1alpha1.CheckPass; passed != reachable {
			t.Errorf("region %s: cluster-reachable is %q", region.Name, state)
		}
		if phase := region.Phase == v1alpha1.PhaseLegacy; phase != reachable {
			t.Errorf("region %s: phase %s", region.Name, region.Phase)
		}
	}
}

// TestTwoContextsOfOneCluster: clusters are identified by their UID, not by their addresses.
func TestTwoContextsOfOneCluster(t *testing.T) {
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		addContext(config, "sydney-by-name", "sydney", byName(lab.Region("sydney").Server))
	})
	fleet := editedFleet(t, func(fleet *v1alpha1.Fleet) {
		for i := range fleet.Regions {
			if fleet.Regions[i].Name == "london" {
				fleet.Regions[i].Context, fleet.Regions[i].Provider = "sydney-by-name", "london"
			}
		}
	})
	refused(t, "region-distinct", []string{"region-distinct", "sydney", "london", "same cluster"}, "-f", fleet, "--kubeconfig", kubeconfig)
}

// TestTerminatingNamespace: nothing can be created in a terminating namespace.
func TestTerminatingNamespace(t *testing.T) {
	const namespace = "going"
	kubectl(t, "sydney", "create", "namespace", namespace)
	kubectl(t, "sydney", "--namespace", namespace, "create", "configmap", "anchor")
	kubectl(t, "sydney", "--namespace", namespace, "patch", "configmap", "anchor", "--patch", `{"metadata":{"finalizers":["coder-satellite.dev/anchor"]}}`)
	kubectl(t, "sydney", "delete", "namespace", namespace, "--wait=false")
	t.Cleanup(func() {
		kubectl(t, "sydney", "--namespace", namespace, "patch", "configmap", "anchor", "--patch", `{"metadata":{"finalizers":null}}`)
		kubectl(t, "sydney", "wait", "--for=delete", "namespace/"+namespace, "--timeout=60s")
	})
	refused(t, "namespace-active", []string{"namespace-active", `"` + namespace + `" is being deleted`, "--namespace"},
		"--context", "sydney", "--access-url", lab.Region("sydney").AccessURL, "--chart", "coder", "--repo", lab.RepoURL, "--namespace", namespace)
}

// TestNoRights: an operator with read access is told every missing right.
func TestNoRights(t *testing.T) {
	const namespace, account = "operators", "viewer"
	kubectl(t, "sydney", "create", "namespace", namespace)
	kubectl(t, "sydney", "--namespace", namespace, "create", "serviceaccount", account)
	kubectl(t, "sydney", "create", "clusterrole", "e2e-viewer", "--verb=get,list,watch", "--resource=*.*,secrets")
	kubectl(t, "sydney", "create", "clusterrolebinding", "e2e-viewer", "--clusterrole=e2e-viewer", "--serviceaccount="+namespace+":"+account)
	t.Cleanup(func() {
		kubectl(t, "sydney", "delete", "clusterrolebinding,clusterrole", "e2e-viewer")
		kubectl(t, "sydney", "delete", "namespace", namespace)
	})
	token := kubectl(t, "sydney", "--namespace", namespace, "create", "token", account)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.AuthInfos["viewer"] = &clientcmdapi.AuthInfo{Token: token}
		config.Contexts["sydney"].AuthInfo = "viewer"
	})
	says := []string{"cluster-rights"}
	for _, right := range []string{
		"create, update, patch, delete secrets", "create, patch, delete services", "create, patch, delete deployments.apps",
		"create, update configmaps", "create, update leases.coordination.k8s.io", "create events",
	} {
		says = append(says, right+" in namespace coder-satellite")
	}
	says = append(says, "provider-rights", "create, update, delete secrets in namespace coder;", "administrator")
	refused(t, "cluster-rights", says, "-f", "fleet.yaml", "--region", "sydney", "--kubeconfig", kubeconfig)
}

// TestNoRightToLook: without the right to list the legacy release, the message names what was
// refused.
func TestNoRightToLook(t *testing.T) {
	kubectl(t, "sydney", "create", "namespace", "operators")
	kubectl(t, "sydney", "--namespace", "operators", "create", "serviceaccount", "nobody")
	t.Cleanup(func() { kubectl(t, "sydney", "delete", "namespace", "operators") })
	token := kubectl(t, "sydney", "--namespace", "operators", "create", "token", "nobody")
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.AuthInfos["nobody"] = &clientcmdapi.AuthInfo{Token: token}
		config.Contexts["sydney"].AuthInfo = "nobody"
	})
	refused(t, "cluster-rights", []string{
		"get, list, create, update, patch, delete secrets in namespace coder-satellite", "list pods in namespace coder-satellite",
		"get, create, patch, delete deployments.apps in namespace coder-satellite",
		"get, create, update leases.coordination.k8s.io in namespace coder-satellite",
	}, "-f", "fleet.yaml", "--region", "sydney", "--kubeconfig", kubeconfig)
}

// TestWrongCredentials: if a cluster rejects the token, the message says to log in.
func TestWrongCredentials(t *testing.T) {
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.AuthInfos["stranger"] = &clientcmdapi.AuthInfo{Token: "no-such-token"}
		config.Contexts["sydney"].AuthInfo = "stranger"
	})
	refused(t, "cluster-reachable", []string{`context "sydney"`, "401", "log in to the cluster again"},
		"-f", "fleet.yaml", "--region", "sydney", "--kubeconfig", kubeconfig)
	result := plugin(t, 5, "plan", "-f", "fleet.yaml", "--region", "sydney", "--kubeconfig", kubeconfig)
	if strings.Contains(result.Stdout+result.Stderr, "no-such-token") {
		t.Error("the output shows the token")
	}
}
