package e2e

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLongReleasesInConfigMaps: if Helm keeps its records in ConfigMaps, an operator with the
// minimum rights can still retain and restore the legacy release.
func TestLongReleasesInConfigMaps(t *testing.T) {
	const region = "ohio"
	t.Cleanup(func() { // back to the driver of the other tests
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), region); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("HELM_DRIVER", "configmap")
	freshLegacy(t, region)
	if migrated := onceGranted(t, append(withLeastRights(t, region, "fleet.yaml", "migrate"), "--yes")); migrated.Code != 0 {
		t.Fatalf("migrate: %s", migrated)
	}
	if diff := cmp.Diff("coder-workspace-provider\n", retainedReleases(t, region)); diff != "" {
		t.Errorf("retained releases (-want +got):\n%s", diff)
	}
	if records := kubectl(t, region, "get", "secrets", "--all-namespaces", "--selector", "owner=helm", "-o", "name"); records != "" {
		t.Errorf("records in Secrets: %s", records)
	}
	before := identities(t, region)

	uninstallLegacy(t, region)
	sameObjects(t, region, before)
	envproxyServes(t, region)
	said := plugin(t, 0, on(region, "rollback", "--yes")...)
	saysAll(t, "rollback", said.Stderr, []string{"restore coder/coder-workspace-provider from its backup"})
	sameObjects(t, region, before)
	envproxyServes(t, region)
	networking(t, region, false)

	// Helm can use the record
	helm(t, region, "upgrade", "coder-workspace-provider", lab.LegacyChart("1.20.0"), "--namespace", "coder", "--reuse-values")
	sameObjects(t, region, before)
	plugin(t, 0, on(region, "migrate", "--yes")...)
	plugin(t, 0, on(region, "status")...)
}
