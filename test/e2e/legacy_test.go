package e2e

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// on returns the arguments that run a verb on one region of the lab's Fleet.
func on(region, verb string, args ...string) []string {
	return append([]string{verb, "-f", "fleet.yaml", "--region", region}, args...)
}

// freshLegacy resets the region to its state when the lab came up, now and after the test.
func freshLegacy(t *testing.T, region string) {
	t.Helper()
	fresh := func() {
		if err := lab.ReinstallLegacy(context.WithoutCancel(t.Context()), region); err != nil {
			t.Fatal(err)
		}
	}
	fresh()
	t.Cleanup(func() {
		resetRegion(t, region)
		fresh()
	})
}

// helm runs the real Helm on a region's cluster.
func helm(t *testing.T, region string, args ...string) string {
	t.Helper()
	result := lab.Helm(context.WithoutCancel(t.Context()), region, args...)
	if result.Code != 0 {
		t.Fatalf("helm %s: %s", strings.Join(args, " "), result)
	}
	return result.Stdout
}

// uninstallLegacy uninstalls the legacy release, as an operator must not do.
func uninstallLegacy(t *testing.T, region string) {
	t.Helper()
	helm(t, region, "uninstall", inlab.LegacyRelease, "--namespace", inlab.LegacyNamespace)
}

// identities returns the UIDs of the legacy release's existing objects.
func identities(t *testing.T, region string) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, object := range inlab.LegacyObjects() {
		uid := kubectl(t, region, "--namespace", inlab.LegacyNamespace, "get", object, "--ignore-not-found", "-o", "jsonpath={.metadata.uid}")
		if uid != "" {
			found[object] = uid
		}
	}
	return found
}

// sameObjects fails the test unless the same objects, by UID, still exist.
func sameObjects(t *testing.T, region string, before map[string]string) {
	t.Helper()
	if len(before) != len(inlab.LegacyObjects()) {
		t.Errorf("the legacy release had the objects %v", before)
	}
	if diff := cmp.Diff(before, identities(t, region)); diff != "" {
		t.Errorf("objects of the legacy release (-before +now):\n%s", diff)
	}
}

// envproxyServes fails the test unless envproxy answers at its access URL.
func envproxyServes(t *testing.T, region string) {
	t.Helper()
	if status, err := lab.Get(lab.Region(region).EnvproxyURL); err != nil || status != http.StatusOK {
		t.Errorf("envproxy of %s answers %d, %v", region, status, err)
	}
}

// networking fails the test unless the provider's Networking v2 is as wanted.
func networking(t *testing.T, region string, wanted bool) {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	if provider.EnableNetV2 == nil || *provider.EnableNetV2 != wanted {
		t.Errorf("Networking v2 of %s is not %t", region, wanted)
	}
}

// retainedReleases returns the output of `helm list` for the label.
func retainedReleases(t *testing.T, region string) string {
	t.Helper()
	return helm(t, region, "list", "--all-namespaces", "--short", "--selector", "coder-satellite.dev/retained=true")
}

// checked fails the test unless status exits with the code, and the check has the state and
// prints these texts.
func checked(t *testing.T, region string, code int, id string, state v1alpha1.CheckState, says ...string) {
	t.Helper()
	status := document[v1alpha1.StatusReport](t, code, on(region, "status")...)
	for _, result := range status.Regions[0].Checks {
		if result.ID != id {
			continue
		}
		if result.State != state {
			t.Errorf("check %s of %s is %s: %s", id, region, result.State, result.Message)
		}
		saysAll(t, "check "+id, result.Message+" "+result.Hint, says)
		return
	}
	t.Errorf("status has no check %s", id)
}

// stoppedBy fails the test unless a verb that changes regions exits with 5 because of the check,
// prints these texts, and writes nothing.
func stoppedBy(t *testing.T, check string, says []string, args ...string) {
	t.Helper()
	before := marks(t)
	said := plugin(t, 5, append(args, "--yes")...)
	saysAll(t, args[0], said.Stdout+said.Stderr, says)
	report := document[v1alpha1.MigrationReport](t, 5, append(args, "--yes")...)
	quiet(t, before)
	if region := report.Regions[0]; !stopped(region.Preflight, check) || len(region.Steps) > 0 {
		t.Errorf("%s was not stopped by %s: %+v", args[0], check, region)
	}
}

// eventually waits until done reports true.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	eventuallyWithin(t, 30*time.Second, what, done)
}

func eventuallyWithin(t *testing.T, patience time.Duration, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, patience)
		}
		<-time.After(50 * time.Millisecond)
	}
}
