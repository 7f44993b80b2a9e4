package e2e

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestLongUpgradeLosesRetention: status detects the loss, one retain fixes it, and the fixed
// release survives an uninstall.
func TestLongUpgradeLosesRetention(t *testing.T) {
	for _, test := range []struct {
		chart string
		// missing is the expected text of status about the live objects.
		missing string
	}{
		{"1.20.0", "ServiceAccount/coder, ServiceAccount/coder-workspace-provider-environments, Role/coder, RoleBinding/coder, Service/envproxy, Deployment/envproxy"},
		// this chart keeps the objects that Coder provisions workspaces with
		{"1.21.4", "ServiceAccount/coder-workspace-provider-environments, Service/envproxy, Deployment/envproxy"},
	} {
		t.Run(test.chart, func(t *testing.T) {
			freshLegacy(t, "london")
			plugin(t, 0, on("london", "migrate", "--yes")...)
			plugin(t, 0, on("london", "status")...)
			before := identities(t, "london")

			helm(t, "london", "upgrade", "coder-workspace-provider", lab.LegacyChart(test.chart), "--namespace", "coder", "--reuse-values", "--wait")
			checked(t, "london", 1, "legacy-retained", v1alpha1.CheckFail,
				"not retained", "backup of revision 2 as it is now", "keep policy in the stored manifest of revision 2",
				"annotation helm.sh/resource-policy=keep on the live "+test.missing, "kubectl coder-satellite retain")

			plugin(t, 0, on("london", "retain", "--yes", "--reason", "upgraded by hand")...)
			plugin(t, 0, on("london", "status")...)
			end := marks(t)
			again := document[v1alpha1.MigrationReport](t, 0, on("london", "retain", "--yes")...)
			quiet(t, end)
			if again.Outcome != v1alpha1.OutcomeNothingToDo {
				t.Errorf("a second retain: outcome %s", again.Outcome)
			}

			uninstallLegacy(t, "london")
			sameObjects(t, "london", before)
			envproxyServes(t, "london")
			plugin(t, 0, on("london", "rollback", "--yes")...)
			if chart := helm(t, "london", "list", "--namespace", "coder", "--filter", "coder-workspace-provider", "--selector", "coder-satellite.dev/retained=true"); chart == "" {
				t.Error("the release is not listed")
			} else {
				saysAll(t, "helm list", chart, []string{"workspace-provider-" + test.chart})
			}
		})
	}
}
