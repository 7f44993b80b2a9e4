package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// longAgo changes the region's legacy release to what Coder's own chart created on an old
// Kubernetes: with the restricted roles and the account of workspaces, and with an ingress in
// APIs that are no longer served. It returns the objects that existing workspaces need, and those
// that finalize removes.
func longAgo(t *testing.T, region string) (stay, goes []string) {
	t.Helper()
	object := func(apiVersion, kind, name, rest string) string {
		return fmt.Sprintf("---\napiVersion: %s\nkind: %s\nmetadata: {name: %s}\n%s", apiVersion, kind, name, rest)
	}
	const rbac, binding = "rbac.authorization.k8s.io/v1", "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: coder}\n"
	stay, goes = []string{"serviceaccount/environments"}, []string{"role/ingress-nginx", "ingress/coder-ingress"}
	manifest := object("v1", "ServiceAccount", "environments", "")
	for _, name := range []string{"coder-restricted", "ingress-restricted"} {
		manifest += object(rbac, "Role", name, "rules: []\n") + object(rbac, "RoleBinding", name, binding)
		stay = append(stay, "role/"+name, "rolebinding/"+name)
	}
	rules := "rules: []\n"
	ingress := "spec: {defaultBackend: {service: {name: envproxy, port: {number: 80}}}}\n"
	live := manifest + object(rbac, "Role", "ingress-nginx", rules) + object("networking.k8s.io/v1", "Ingress", "coder-ingress", ingress)
	manifest += object(rbac+"beta1", "Role", "ingress-nginx", rules) +
		object("extensions/v1beta1", "Ingress", "coder-ingress", "spec: {backend: {serviceName: envproxy, servicePort: 80}}\n")

	marks := fmt.Sprintf("annotations: {meta.helm.sh/release-name: %s, meta.helm.sh/release-namespace: %s}}\n", inlab.LegacyRelease, inlab.LegacyNamespace)
	var marked strings.Builder
	for line := range strings.Lines(live) {
		if strings.HasPrefix(line, "metadata: ") {
			line = strings.TrimSuffix(line, "}\n") + ", namespace: " + inlab.LegacyNamespace + ", " + marks
		}
		marked.WriteString(line)
	}
	apply(t, region, marked.String())
	t.Cleanup(func() {
		kubectl(t, region, append(append([]string{"--namespace", inlab.LegacyNamespace, "delete", "--ignore-not-found"}, stay...), goes...)...)
	})

	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	records := storage.Init(driver.NewSecrets(access.Clientset().CoreV1().Secrets(inlab.LegacyNamespace)))
	release, err := records.Deployed(inlab.LegacyRelease)
	if err != nil {
		t.Fatal(err)
	}
	release.Manifest += manifest
	if err := records.Update(release); err != nil {
		t.Fatal(err)
	}
	return stay, goes
}

// there returns those of the objects that exist in the legacy release's namespace.
func there(t *testing.T, region string, objects []string) []string {
	t.Helper()
	var found []string
	for _, object := range objects {
		if kubectl(t, region, "--namespace", inlab.LegacyNamespace, "get", object, "--ignore-not-found", "-o", "name") != "" {
			found = append(found, object)
		}
	}
	return found
}

// TestFinalizeKeepsWhatWorkspacesNeed: an old release for which no rollback would work any more
// is still removed for good. Everything stays that Coder's own chart leaves for existing
// workspaces.
func TestFinalizeKeepsWhatWorkspacesNeed(t *testing.T) {
	freshLegacy(t, "ohio")
	stay, goes := longAgo(t, "ohio")
	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), "ohio"); err != nil {
			t.Error(err)
		}
		plugin(t, 0, on("ohio", "rollback", "--remove-satellite", "--networking-v2-was", "off", "--yes")...)
	})
	if err := lab.SetVersion("1.22.3"); err != nil {
		t.Fatal(err)
	}
	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	kubectl(t, "ohio", "--namespace", inlab.LegacyNamespace, "scale", "deployment", "envproxy", "--replicas=0")
	checked(t, "ohio", 0, "legacy-rollback-ready", v1alpha1.CheckWarn, "extensions/v1beta1, which this cluster does not serve", "scaled to 0 replicas")

	done := plugin(t, 0, on("ohio", "finalize", "--yes")...)
	saysAll(t, "finalize", done.Stderr, []string{"kept: Role/coder-restricted (existing workspaces need it)", "kept: ServiceAccount/environments (workspaces run under it)", "removed: Ingress/coder-ingress"})
	if left := there(t, "ohio", stay); len(left) != len(stay) {
		t.Errorf("of %v there are only %v", stay, left)
	}
	if left := there(t, "ohio", append(goes, "deployment/envproxy", "service/envproxy")); len(left) > 0 {
		t.Errorf("still there: %v", left)
	}
	plugin(t, 0, on("ohio", "status")...)
}
