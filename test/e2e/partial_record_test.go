package e2e

import (
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// TestLongFailedRecordInUse: a satellite that serves users is not uninstalled after a failed
// upgrade, even if its only record says "failed", as after a `helm install --wait` that timed
// out.
func TestLongFailedRecordInUse(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	missing := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	// nothing listens at the address in connectTo
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	for name, args := range map[string][]string{
		"the upgrade does not get ready": {"-f", missing},
		"the upgrade is not reached":     {"-f", unreachable, "--step-timeout", "8s"},
	} {
		t.Run(name, func(t *testing.T) {
			finishes(t, "london")
			markSatellite(t, "london", "failed")
			before := factsOf(t, "london")
			result := lab.Plugin(t.Context(), append([]string{"migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir()}, args...)...)
			if result.Code == 0 {
				t.Fatalf("migrate: %s", result)
			}
			now := factsOf(t, "london")
			if now.Release == "none" || now.Key != before.Key {
				t.Errorf("the satellite was uninstalled: %+v, before: %+v", now, before)
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

// TestLongForeignFailedRecord: the same before any migration. A migration does not uninstall a
// satellite that someone else installed, even if its record says "failed".
func TestLongForeignFailedRecord(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	finishes(t, "london")
	plugin(t, 0, on("london", "rollback", "--yes")...) // keeps the satellite
	kubectl(t, "london", "--namespace", inlab.LegacyNamespace, "delete", journalOf(t, "london"))
	kubectl(t, "london", "--namespace", inlab.SatelliteNamespace, "delete", "configmap", inlab.SatelliteJournal)
	markSatellite(t, "london", "failed")
	before := factsOf(t, "london")
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	values := writeInLab(t, "values.yaml", []byte("coderd: {image: coder-service-missing}\n"))
	missing := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Values = append(region.Values, values) })
	for _, args := range [][]string{{"-f", missing}, {"-f", unreachable, "--step-timeout", "8s"}} {
		result := lab.Plugin(t.Context(), append([]string{"migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir()}, args...)...)
		now := factsOf(t, "london")
		if result.Code == 0 || now.Release == "none" || now.Key != before.Key || !now.Registered {
			t.Errorf("the satellite has changed: %+v, before: %+v: %s", now, before, result)
		}
		now.Answers = now.Answers && !slices.Contains(args, unreachable)
		saysTheFacts(t, reported(t, result), now)
	}
	finishes(t, "london")
}

// markSatellite changes the status of the newest record of the satellite's release, as Helm does:
// in the label and in the record itself.
func markSatellite(t *testing.T, region, status string) {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	secrets := access.Clientset().CoreV1().Secrets(inlab.SatelliteNamespace)
	name := "sh.helm.release.v1." + inlab.SatelliteRelease + ".v" + factsOf(t, region).Revision
	secret, err := secrets.Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	content, err := meddle.DecodeRecord(secret.Data["release"])
	if err != nil {
		t.Fatal(err)
	}
	content["info"].(map[string]any)["status"], secret.Labels["status"] = status, status
	if secret.Data["release"], err = meddle.EncodeRecord(content); err != nil {
		t.Fatal(err)
	}
	if _, err := secrets.Update(t.Context(), secret, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}
