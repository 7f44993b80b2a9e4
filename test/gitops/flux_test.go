package gitops

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// flux is a helm-controller that works on a region's cluster.
type flux struct {
	region, log string
}

// account is who the controller is to the API server, so that its writes are not taken for the operator's.
const account = `
apiVersion: v1
kind: Namespace
metadata: {name: flux-system}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: helm-controller, namespace: flux-system}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: helm-controller}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: helm-controller, namespace: flux-system}]
`

// begin starts Flux in the region's cluster: its CRDs, the real helm-controller, and what plays source-controller.
func begin(t *testing.T, region string) *flux {
	t.Helper()
	for _, name := range []string{"helm-controller", "flux-crds"} {
		if _, err := os.Stat(filepath.Join(lab.Bin, name)); err != nil {
			t.Fatalf("this test needs bin/%s: run `make test-gitops`, which builds it: %v", name, err)
		}
	}
	kubectl(t, region, "apply", "--server-side", "--filename", filepath.Join(lab.Bin, "flux-crds"))
	kubectl(t, region, "wait", "--for=condition=Established", "customresourcedefinitions", "--all")
	apply(t, region, account)
	token := kubectl(t, region, "--namespace", "flux-system", "create", "token", "helm-controller")
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	config := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: flux, contexts: [{name: flux, context: {cluster: flux, user: flux}}],
clusters: [{name: flux, cluster: {server: %q, certificate-authority: %q}}], users: [{name: flux, user: {token: %q}}]}`,
		lab.Server(region), lab.CAFile, token)
	if err := os.WriteFile(kubeconfig, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	playSource(t, region)
	f := &flux{region: region, log: filepath.Join(t.TempDir(), "helm-controller.log")}
	f.run(t, kubeconfig)
	return f
}

// run starts the controller. It ends with the test, and also if the test's process is killed: its standard input ends then.
func (f *flux) run(t *testing.T, kubeconfig string) {
	t.Helper()
	log, err := os.Create(f.log)
	if err != nil {
		t.Fatal(err)
	}
	command := lab.Command(t.Context(), []string{"KUBECONFIG=" + kubeconfig, "RUNTIME_NAMESPACE=flux-system"},
		"bash", "-c", `"$@" & cat; kill $!; wait`, "bash", filepath.Join(lab.Bin, "helm-controller"),
		"--watch-all-namespaces", "--metrics-addr=0", "--health-addr=0", "--requeue-dependency=1s", "--interval-jitter-percentage=0", "--graceful-shutdown-timeout=5s")
	command.Stdout, command.Stderr, command.Cancel = log, log, func() error { return nil }
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = command.Wait()
		_ = log.Close()
		if t.Failed() {
			t.Logf("helm-controller:\n%s", tail(f.said(t)))
		}
	})
}

func tail(text string) string { return text[max(0, len(text)-20_000):] }

// said is the controller's log.
func (f *flux) said(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(f.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ready waits until the controller says of the present HelmRelease that the release is as it wants it.
func (f *flux) ready(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, "HelmRelease "+name, func() bool {
		got := f.release(t, namespace, name, `{.metadata.generation} {.status.observedGeneration} {.status.conditions[?(@.type=="Ready")].status}`)
		fields := strings.Fields(got)
		return len(fields) == 3 && fields[0] == fields[1] && fields[2] == "True"
	})
}

// release is a part of a HelmRelease.
func (f *flux) release(t *testing.T, namespace, name, path string) string {
	t.Helper()
	return kubectl(t, f.region, "--namespace", namespace, "get", "helmrelease", name, "-o", "jsonpath="+path)
}

// poke asks the controller to reconcile now, twice, and returns once it has answered that it does not.
func (f *flux) poke(t *testing.T, namespace, name string) {
	t.Helper()
	for range 2 {
		before := strings.Count(f.said(t), "reconciliation is suspended")
		kubectl(t, f.region, "--namespace", namespace, "annotate", "--overwrite", "helmrelease", name, "reconcile.fluxcd.io/requestedAt="+time.Now().Format(time.RFC3339Nano))
		eventually(t, "the refusal to reconcile", func() bool { return strings.Count(f.said(t), "reconciliation is suspended") > before })
	}
}
