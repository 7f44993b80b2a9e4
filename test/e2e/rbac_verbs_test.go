package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongLeastRightsOfEachVerb: each verb works for an account that has exactly the roles that
// rbac prints for it. The satellite's values make the chart create one additional object.
func TestLongLeastRightsOfEachVerb(t *testing.T) {
	const region = "sydney"
	values := writeInLab(t, "values.yaml", []byte("coderd: {networkPolicy: {enable: true}}\n"))
	fleet := oneRegion(t, region, func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	freshLegacy(t, region)
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), region); err != nil {
			t.Error(err)
		}
		plugin(t, 0, on(region, "rollback", "--remove-satellite", "--networking-v2-was", "off", "--yes")...)
	})
	migrate := func(version string) func() {
		return func() {
			if err := lab.SetVersion(version); err != nil {
				t.Fatal(err)
			}
			plugin(t, 0, "migrate", "-f", fleet, "--yes")
		}
	}
	t.Run("values that take more", func(t *testing.T) {
		args := withLeastRights(t, region, "fleet.yaml", "migrate")
		args[2] = fleet // the roles are for the lab's own Fleet
		if said := lacks(t, args[1:], "networkpolicies.networking.k8s.io in namespace coder-satellite"); said !=
			"missing rights: get, create, patch, delete networkpolicies.networking.k8s.io in namespace coder-satellite" {
			t.Errorf("the preflight says %q", said)
		}
	})
	for _, tc := range []struct {
		verb  string
		first func()
		args  []string
	}{
		{"retain", func() {}, []string{"--yes"}},
		{"migrate", func() {}, []string{"--yes"}},
		{"status", func() {}, nil},
		{"verify", func() {}, nil},
		{"history", func() {}, nil},
		{"unlock", func() { patchLease(t, region, leaseOf(stranger, time.Second, -time.Hour)) }, []string{"--yes", "--reason", "the holder is gone"}},
		{"rollback", func() {}, []string{"--yes"}},
		{"remove", func() {}, []string{"--yes"}},
		{"finalize", func() { migrate("1.21.7")(); migrate("1.22.3")() }, []string{"--yes"}},
	} {
		t.Run(tc.verb, func(t *testing.T) {
			tc.first()
			args := append(withLeastRights(t, region, fleet, tc.verb), tc.args...)
			if result := onceGranted(t, args); result.Code != 0 {
				t.Errorf("%s with the roles that rbac prints for it: %s", tc.verb, result)
			}
		})
	}
}

// withLeastRights returns the arguments of the verb on the region of the Fleet, with a new
// account that has exactly the roles that rbac prints for it.
func withLeastRights(t *testing.T, region, fleet, verb string) (args []string) {
	t.Helper()
	account := "operators-" + verb + ":least"
	args = []string{verb, "-f", fleet, "--region", region, "--kubeconfig", leastKubeconfig(t, region, account)}
	roles := plugin(t, 0, "rbac", "-f", fleet, "--region", region, "--verb", verb, "--serviceaccount", account)
	file := writeInLab(t, "roles.yaml", []byte(roles.Stdout))
	kubectl(t, region, "apply", "-f", file)
	t.Cleanup(func() { kubectl(t, region, "delete", "-f", file) })
	return args
}

// onceGranted runs the plugin until it no longer stops because of missing rights. An API server
// applies a new role with a short delay, and a run that stops changes nothing.
func onceGranted(t *testing.T, args []string) inlab.Result {
	t.Helper()
	for deadline := time.Now().Add(15 * time.Second); ; {
		result := lab.Plugin(t.Context(), args...)
		if result.Code == 0 || time.Now().After(deadline) {
			return result
		}
	}
}
