package e2e

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// facts is the state of a region, read from its cluster and the primary without the plugin.
type facts struct {
	// On is the provider's flag. Registered is set if the primary lists the region's satellite,
	// Answers if the primary's API answers through it.
	On, Registered, Answers bool
	// Release is Helm's status of the newest record of the satellite's release, or "none".
	// Revision is that record's.
	Release  string
	Revision string
	// Key identifies the satellite's key: the UID of its Secret; "" if there is none.
	Key string
	// Label and Annotations are set if the legacy release's newest record has them. Unkept are
	// the live objects without the keep policy, Backups the names of backups.
	Label, Annotations bool
	Unkept, Backups    []string
}

// retained reports whether the retention is complete, as far as it was read.
func (f facts) retained() bool {
	return f.Label && f.Annotations && len(f.Unkept) == 0 && len(f.Backups) > 0
}

// factsOf reads the facts of a region.
func factsOf(t *testing.T, region string) facts {
	t.Helper()
	found := facts{Release: "none"}
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	found.On = provider.EnableNetV2 != nil && *provider.EnableNetV2
	found.Registered = registered(t, region)
	status, err := lab.Get(lab.Region(region).AccessURL + "/api")
	found.Answers = err == nil && status == http.StatusOK
	found.satellite(t, region)
	found.legacy(t, region)
	return found
}

// registered reports whether the primary lists the region's satellite.
func registered(t *testing.T, region string) bool {
	t.Helper()
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range state.Satellites {
		if satellite.Name == region {
			return true
		}
	}
	return false
}

// satellite reads the facts about the satellite's release.
func (f *facts) satellite(t *testing.T, region string) {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	secrets := access.Clientset().CoreV1().Secrets(inlab.SatelliteNamespace)
	records, err := secrets.List(ctx, metav1.ListOptions{LabelSelector: "owner=helm,name=" + inlab.SatelliteRelease})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records.Items { // with fewer than ten, names sort by revision
		f.Release, f.Revision = record.Labels["status"], record.Labels["version"]
	}
	key, err := secrets.Get(ctx, "coder-replica-private-key", metav1.GetOptions{})
	switch {
	case err == nil:
		f.Key = string(key.UID)
	case !apierrors.IsNotFound(err):
		t.Fatal(err)
	}
	backups, err := access.Clientset().CoreV1().Secrets(inlab.LegacyNamespace).List(ctx, metav1.ListOptions{LabelSelector: "coder-satellite.dev/backup"})
	if err != nil {
		t.Fatal(err)
	}
	for _, backup := range backups.Items {
		f.Backups = append(f.Backups, backup.Name)
	}
	slices.Sort(f.Backups)
}

// legacy reads the facts about the legacy release.
func (f *facts) legacy(t *testing.T, region string) {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	records, err := access.Clientset().CoreV1().Secrets(inlab.LegacyNamespace).List(context.WithoutCancel(t.Context()),
		metav1.ListOptions{LabelSelector: "owner=helm,status=deployed,name=" + inlab.LegacyRelease})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records.Items {
		f.Label = record.Labels["coder-satellite.dev/retained"] == "true"
		f.Annotations = record.Annotations["coder-satellite.dev/retained-at"] != ""
	}
	for _, object := range inlab.LegacyObjects() {
		policy := kubectl(t, region, "--namespace", inlab.LegacyNamespace, "get", object, "--ignore-not-found",
			"-o", `jsonpath={.metadata.annotations.helm\.sh/resource-policy}`)
		if policy != "keep" {
			f.Unkept = append(f.Unkept, object)
		}
	}
}

// unkeep removes the keep policy from a live object of the legacy release.
func unkeep(t *testing.T, region, object string) {
	t.Helper()
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "annotate", object, "helm.sh/resource-policy-")
}

// freeze makes updates of envproxy fail until thaw is called or the test ends.
func freeze(t *testing.T, region string) (thaw func()) {
	t.Helper()
	end, err := lab.Freeze(t.Context(), region, inlab.LegacyNamespace, "envproxy")
	if err != nil {
		t.Fatal(err)
	}
	thaw = func() {
		if err := end(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// unwrapped joins a text into one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }
