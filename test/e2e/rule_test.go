package e2e

import (
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// ruleHolds fails the test if Networking v2 is on although the satellite is not registered with
// the right key or does not answer, or the legacy release is not retained.
func ruleHolds(t *testing.T, region string) {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	if provider.EnableNetV2 == nil || !*provider.EnableNetV2 {
		return
	}
	// the exit code does not matter here: a migration may be incomplete
	result := lab.Plugin(t.Context(), on(region, "status", "-o", "json")...)
	status := decoded[v1alpha1.StatusReport](t, result)
	asked := map[string]v1alpha1.CheckState{"satellite-registered": "", "access-url": "", "satellite-proxies": "", "legacy-retained": ""}
	said := map[string]string{}
	for _, check := range status.Regions[0].Checks {
		if _, ok := asked[check.ID]; ok {
			asked[check.ID], said[check.ID] = check.State, check.Message
		}
	}
	for id, state := range asked {
		if state != v1alpha1.CheckPass {
			t.Errorf("Networking v2 of %s is on, and check %s is %q: %s", region, id, state, said[id])
		}
	}
}

// lockFree fails the test if the region's lock is held.
func lockFree(t *testing.T, region string) {
	t.Helper()
	for _, lease := range [][2]string{{inlab.SatelliteNamespace, "lease/" + inlab.SatelliteLock}, {inlab.LegacyNamespace, leaseName(t, region)}} {
		holder := kubectl(t, region, "--namespace", lease[0], "get", lease[1], "--ignore-not-found", "-o", "jsonpath={.spec.holderIdentity}")
		if holder != "" {
			t.Errorf("%s of %s is held by %s", lease[1], region, holder)
		}
	}
}

// nothingPending fails the test if a Helm operation in the region is incomplete.
func nothingPending(t *testing.T, region string) {
	t.Helper()
	if pending := strings.TrimSpace(helm(t, region, "list", "--all-namespaces", "--pending", "--short")); pending != "" {
		t.Errorf("half done releases in %s: %s", region, pending)
	}
}

// finishes fails the test unless one plain migrate completes the region with one registration, no
// incomplete operation, and a free lock.
func finishes(t *testing.T, region string, args ...string) v1alpha1.RegionReport {
	t.Helper()
	report := document[v1alpha1.MigrationReport](t, 0, on(region, "migrate", append([]string{"--yes"}, args...)...)...)
	plugin(t, 0, on(region, "status")...)
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	registrations := 0
	for _, satellite := range state.Satellites {
		if satellite.Name == region {
			registrations++
		}
	}
	if registrations != 1 {
		t.Errorf("%s is registered %d times", region, registrations)
	}
	networking(t, region, true)
	nothingPending(t, region)
	lockFree(t, region)
	return report.Regions[0]
}
