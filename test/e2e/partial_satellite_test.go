package e2e

import (
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongSatelliteGoneInTheMiddle: a run was killed after the switch, and then its satellite
// went away. When the next run has failed, at whatever step before the switch, Networking v2 is
// off.
func TestLongSatelliteGoneInTheMiddle(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	missing := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	for _, tc := range []struct {
		name  string
		goes  func()
		fleet string
	}{
		{
			name:  "out of reach",
			goes:  func() {},
			fleet: unreachable,
		},
		{
			name: "uninstalled",
			goes: func() {
				helm(t, "london", "uninstall", inlab.SatelliteRelease, "--namespace", inlab.SatelliteNamespace, "--wait")
			},
			fleet: missing,
		},
		{
			name: "uninstalled and unregistered",
			goes: func() {
				helm(t, "london", "uninstall", inlab.SatelliteRelease, "--namespace", inlab.SatelliteNamespace, "--wait")
				unregister(t, "london")
			},
			fleet: missing,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resetRegion(t, "london")
			killedWhileRebuilding(t, "london")
			tc.goes()
			result := lab.Plugin(t.Context(), "migrate", "-f", tc.fleet, "--region", "london", "--yes", "-o", "json",
				"--step-timeout", "8s", "--evidence-dir", t.TempDir())
			if result.Code != 1 && result.Code != 124 {
				t.Fatalf("migrate: %s", result)
			}
			now, report := factsOf(t, "london"), reported(t, result)
			if now.On {
				t.Errorf("Networking v2 is on: %s", result)
			}
			if !now.retained() {
				t.Errorf("the legacy release is not retained: %+v", now)
			}
			saysAll(t, "the report", wordsOf(report), []string{"Networking v2"})
			now.Answers = now.Answers && tc.fleet != unreachable // the Fleet's connectTo leads elsewhere
			saysTheFacts(t, report, now)
			envproxyServes(t, "london")
			finishes(t, "london")
		})
	}
}

// TestSatelliteScaledToNothing: the satellite's record is right, but its objects were changed.
// The next run applies the chart again instead of waiting for pods that will never start.
func TestSatelliteScaledToNothing(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	resetRegion(t, "london")
	killedWhileRebuilding(t, "london")
	scale(t, "london", "0")
	plugin(t, 0, on("london", "migrate", "--yes")...)
	networking(t, "london", true)
	plugin(t, 0, on("london", "status")...)
}

// TestSatelliteUninstalledInTheMiddle: the uninstall also deleted the satellite's key, which is
// still registered. The next run of the same migration fixes that.
func TestSatelliteUninstalledInTheMiddle(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	killedWhileRebuilding(t, "london")
	helm(t, "london", "uninstall", inlab.SatelliteRelease, "--namespace", inlab.SatelliteNamespace, "--wait")
	report := finishes(t, "london")
	saysTheFacts(t, report, factsOf(t, "london"))
	envproxyServes(t, "london")
}

// unregister removes the region's registrations, as `coder satellites rm` does.
func unregister(t *testing.T, region string) {
	t.Helper()
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range state.Satellites {
		if satellite.Name != region {
			continue
		}
		if err := lab.Call("DELETE", satellitePath+"/"+satellite.ID, nil); err != nil {
			t.Fatal(err)
		}
	}
}

// scale sets the satellite's replicas, and waits until they are running.
func scale(t *testing.T, region, replicas string) {
	t.Helper()
	kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "scale", "deployment", "coderd", "--replicas", replicas)
	eventually(t, "the satellite has "+replicas+" replicas", func() bool { return factsOf(t, region).Answers == (replicas != "0") })
}
