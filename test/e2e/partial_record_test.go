package e2e

import (
	"slices"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
)

// TestFailedRecordInUse: a satellite whose users are served is not uninstalled
// after a failed upgrade because its only record says "failed", as that of a
// `helm install --wait` does whose time ran out.
func TestFailedRecordInUse(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	missing := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	// the way that connectTo names leads nowhere
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	for name, args := range map[string][]string{
		"the upgrade does not get ready": {"-f", missing},
		"the upgrade is not reached":     {"-f", unreachable, "--step-timeout", "8s"},
	} {
		t.Run(name, func(t *testing.T) {
			finishes(t, "london")
			if err := lab.MarkSatellite(t.Context(), "london", newestRevision(t, "london"), "failed"); err != nil {
				t.Fatal(err)
			}
			before := factsOf(t, "london")
			result := lab.Plugin(t.Context(), append([]string{"migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir()}, args...)...)
			if result.Code == 0 {
				t.Fatalf("migrate: %s", result)
			}
			now := factsOf(t, "london")
			if now.Release == "none" || now.Key != before.Key {
				t.Errorf("the satellite was uninstalled: %+v, and was %+v", now, before)
			}
			if !now.On || !now.Registered || !now.Answers || !now.retained() {
				t.Errorf("users are not served as before: %+v", now)
			}
			now.Answers = now.Answers && !slices.Contains(args, unreachable)
			saysTheFacts(t, reported(t, result), now)
			finishes(t, "london")
			if key := factsOf(t, "london").Key; key != before.Key {
				t.Error("the satellite has another key")
			}
		})
	}
}

// TestForeignFailedRecord: the same before any migration. A satellite that
// somebody else installed, whose record says "failed", is not this migration's
// to uninstall.
func TestForeignFailedRecord(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	plugin(t, 0, on("london", "rollback", "--yes")...) // the satellite stays
	kubectl(t, "london", "--namespace", "coder-satellite", "delete", "configmap", "coder-satellite-journal")
	if err := lab.MarkSatellite(t.Context(), "london", newestRevision(t, "london"), "failed"); err != nil {
		t.Fatal(err)
	}
	before := factsOf(t, "london")
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	missing := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	for _, args := range [][]string{{"-f", missing}, {"-f", unreachable, "--step-timeout", "8s"}} {
		result := lab.Plugin(t.Context(), append([]string{"migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir()}, args...)...)
		now := factsOf(t, "london")
		if result.Code == 0 || now.Release == "none" || now.Key != before.Key || !now.Registered {
			t.Errorf("the satellite is not what it was: %+v, and was %+v: %s", now, before, result)
		}
		now.Answers = now.Answers && !slices.Contains(args, unreachable)
		saysTheFacts(t, reported(t, result), now)
	}
	finishes(t, "london")
}
