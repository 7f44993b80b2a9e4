package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestPendingUpgrade: a Helm that was killed during an upgrade stops every verb that would write
// the record. The message contains the command that helps.
func TestPendingUpgrade(t *testing.T) {
	freshLegacy(t, "sydney")
	before := identities(t, "sydney")
	upgrade := lab.Command(t.Context(), nil, "helm", "--kube-context", "sydney", "upgrade", "coder-workspace-provider", lab.LegacyChart("1.20.0"),
		"--namespace", "coder", "--reuse-values", "--set", "envproxy.image=coder-envproxy-missing", "--wait")
	if err := upgrade.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the upgrade begins", func() bool {
		return kubectl(t, "sydney", "--namespace", "coder", "get", "secrets", "--selector", "owner=helm,status=pending-upgrade", "-o", "name") != ""
	})
	if err := upgrade.Process.Kill(); err != nil { // the shell replaced itself with Helm by exec
		t.Fatal(err)
	}
	_ = upgrade.Wait()

	says := []string{"legacy-idle", "coder/coder-workspace-provider is in pending-upgrade at revision 2", "a Helm operation is running or was killed"}
	for _, verb := range []string{"migrate", "retain"} {
		stoppedBy(t, "legacy-idle", says, on("sydney", verb)...)
	}
	stoppedBy(t, "legacy-rollback-ready", says[1:], on("sydney", "rollback")...)
	status := document[v1alpha1.StatusReport](t, 1, on("sydney", "status")...)
	index := slices.IndexFunc(status.Regions[0].Checks, func(result v1alpha1.CheckResult) bool { return result.ID == "legacy-idle" })
	remedy := regexp.MustCompile("`(helm .*)`").FindStringSubmatch(status.Regions[0].Checks[index].Message)
	if remedy == nil {
		t.Fatalf("no remedy in %q", status.Regions[0].Checks[index].Message)
	}
	helm(t, "sydney", append(strings.Fields(remedy[1])[1:], "--wait")...)
	plugin(t, 0, on("sydney", "migrate", "--yes")...)
	plugin(t, 0, on("sydney", "status")...)
	sameObjects(t, "sydney", before)
	envproxyServes(t, "sydney")
}

// TestUninstalledAfterPlan: a plan is refused if the release was uninstalled after it was made.
func TestUninstalledAfterPlan(t *testing.T) {
	freshLegacy(t, "london")
	plugin(t, 0, on("london", "retain", "--yes")...)
	plan := writeInLab(t, "plan.json", []byte(plugin(t, 0, on("london", "plan", "-o", "json")...).Stdout))
	uninstallLegacy(t, "london")
	before := marks(t)
	said := plugin(t, 5, on("london", "migrate", "--yes", "--plan", plan)...)
	quiet(t, before)
	saysAll(t, "migrate", said.Stderr, []string{"nothing was changed", "plan again"})
	envproxyServes(t, "london")
}

// TestLongUninstalledWhileMigrating: the release is uninstalled between its retention and the
// switch. The switch is not made, nothing is lost, and the next run fixes it.
func TestLongUninstalledWhileMigrating(t *testing.T) {
	freshLegacy(t, "ohio")
	before := identities(t, "ohio")
	slow(t, "GET", poolPath, 6*time.Second) // the switch begins by reading it
	events := filepath.Join(t.TempDir(), "events.ndjson")
	ended := make(chan inlab.Result, 1)
	go func() {
		ended <- lab.Plugin(t.Context(), on("ohio", "migrate", "--yes", "-o", "json", "--events", events, "--evidence-dir", lab.Path("evidence"))...)
	}()
	retained := regexp.MustCompile(`"step":"retain-legacy".*"state":"Done"`)
	eventually(t, "the legacy release is retained", func() bool { // and the plugin has seen it
		text, _ := os.ReadFile(events) // it does not exist at first
		return retained.Match(text)
	})
	uninstallLegacy(t, "ohio")
	result := <-ended
	clearFaults(t)
	var report v1alpha1.MigrationReport
	if err := json.Unmarshal([]byte(result.Stdout), &report); err != nil || result.Code != 1 {
		t.Fatalf("migrate: %v: %s", err, result)
	}
	region := report.Regions[0]
	saysAll(t, "migrate", region.Error, []string{"enable-networking-v2: not switched", "the legacy release is not retained", "restores it from the backup"})
	networking(t, "ohio", false)
	sameObjects(t, "ohio", before)
	envproxyServes(t, "ohio")

	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	plugin(t, 0, on("ohio", "status")...)
	sameObjects(t, "ohio", before)
}

// TestTamperedBackup: a modified backup is never used. As long as the record exists, retain
// replaces the backup. Without a record every verb refuses.
func TestTamperedBackup(t *testing.T) {
	freshLegacy(t, "london")
	plugin(t, 0, on("london", "migrate", "--yes")...)
	before := identities(t, "london")
	const tampered = "was tampered with"
	first, _ := tamper(t, "london")
	checked(t, "london", 1, "legacy-retained", v1alpha1.CheckFail, first+" "+tampered, "it is not used")
	plugin(t, 0, on("london", "retain", "--yes")...)
	plugin(t, 0, on("london", "status")...)

	// the first record's bytes are lost: the new backup contains the present record and has
	// another name, and the tampered one is kept for investigation
	kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "delete", "secret", first)
	plugin(t, 0, on("london", "status")...)
	name, original := tamper(t, "london")
	if name == first {
		t.Errorf("the new backup has the name of the one that was tampered with, %s", name)
	}
	uninstallLegacy(t, "london")
	checked(t, "london", 1, "legacy-found", v1alpha1.CheckFail, name+" "+tampered)
	for _, verb := range []string{"rollback", "retain", "migrate"} {
		stoppedBy(t, "legacy-found", []string{tampered, "it is not used"}, on("london", verb)...)
	}
	networking(t, "london", true)
	sameObjects(t, "london", before)

	kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "delete", "secret", name)
	original.create(t, "london")
	plugin(t, 0, on("london", "rollback", "--yes")...)
	sameObjects(t, "london", before)
	envproxyServes(t, "london")
}

// TestDamagedRecord: a record that Helm cannot read is restored.
func TestDamagedRecord(t *testing.T) {
	freshLegacy(t, "london")
	plugin(t, 0, on("london", "migrate", "--yes")...)
	kubectl(t, "london", "--namespace", "coder", "patch", "secret", "sh.helm.release.v1.coder-workspace-provider.v1", "--patch", `{"data":{"release":"bm90IGEgcmVjb3Jk"}}`)
	if listed := lab.Helm(t.Context(), "london", "get", "manifest", "coder-workspace-provider", "--namespace", "coder", "--revision", "1"); listed.Code == 0 {
		t.Errorf("Helm reads the damaged record: %s", listed)
	}
	checked(t, "london", 1, "legacy-retained", v1alpha1.CheckFail, "record")
	plugin(t, 0, on("london", "retain", "--yes")...)
	plugin(t, 0, on("london", "status")...)
	saysAll(t, "helm history", helm(t, "london", "history", "coder-workspace-provider", "--namespace", "coder"), []string{"deployed"})
}

// TestNoRightToUpdateRecords: an operator who may not write the record is told before anything is
// changed.
func TestNoRightToUpdateRecords(t *testing.T) {
	freshLegacy(t, "ohio")
	kubeconfig := carefulOperator(t, "ohio")
	stoppedBy(t, "provider-rights", []string{"missing rights:", "secrets in namespace coder", "administrator"}, on("ohio", "retain", "--kubeconfig", kubeconfig)...)
	checked(t, "ohio", 1, "legacy-retained", v1alpha1.CheckFail, "backup of revision 1 as it is now")

	plugin(t, 0, on("ohio", "migrate", "--yes")...)
	before := identities(t, "ohio")
	uninstallLegacy(t, "ohio")
	stoppedBy(t, "provider-rights", []string{"missing rights:", "create, update, delete secrets in namespace coder"}, on("ohio", "rollback", "--kubeconfig", kubeconfig)...)
	networking(t, "ohio", true)
	sameObjects(t, "ohio", before)
	plugin(t, 0, on("ohio", "rollback", "--yes")...)
}

// carefulOperator returns a kubeconfig of an operator with all rights except to write Secrets in
// the legacy release's namespace.
func carefulOperator(t *testing.T, region string) string {
	t.Helper()
	kubectl(t, region, "create", "namespace", "operators")
	kubectl(t, region, "--namespace", "operators", "create", "serviceaccount", "careful")
	kubectl(t, region, "create", "clusterrole", "e2e-reader", "--verb=get,list,watch", "--resource=*.*,secrets")
	kubectl(t, region, "create", "clusterrole", "e2e-writer", "--verb=*", "--resource=deployments.apps,services,serviceaccounts,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io,configmaps")
	kubectl(t, region, "create", "clusterrolebinding", "e2e-reader", "--clusterrole=e2e-reader", "--serviceaccount=operators:careful")
	kubectl(t, region, "--namespace", "coder", "create", "rolebinding", "e2e-writer", "--clusterrole=e2e-writer", "--serviceaccount=operators:careful")
	kubectl(t, region, "--namespace", "coder-satellite", "create", "rolebinding", "e2e-admin", "--clusterrole=cluster-admin", "--serviceaccount=operators:careful")
	t.Cleanup(func() {
		kubectl(t, region, "delete", "clusterrolebinding/e2e-reader", "clusterrole/e2e-reader", "clusterrole/e2e-writer", "namespace/operators")
		kubectl(t, region, "--namespace", "coder", "delete", "rolebinding", "e2e-writer")
		kubectl(t, region, "--namespace", "coder-satellite", "delete", "rolebinding", "e2e-admin")
	})
	token := kubectl(t, region, "--namespace", "operators", "create", "token", "careful")
	return editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.AuthInfos["careful"] = &clientcmdapi.AuthInfo{Token: token}
		config.Contexts[region].AuthInfo = "careful"
	})
}
