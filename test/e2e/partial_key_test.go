package e2e

import (
	"context"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// ofAnyVersion prepares a test that migrates region london at primaries of any version. It resets
// the region now and after the test, and returns a client of its cluster.
func ofAnyVersion(t *testing.T) kubernetes.Interface {
	t.Helper()
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		resetRegion(t, "london")
	})
	resetRegion(t, "london")
	access, err := lab.Access("london")
	if err != nil {
		t.Fatal(err)
	}
	return access.Clientset()
}

// TestKeySecretDeleted: someone deletes the Secret with the satellite's key, while the
// satellite's pods still serve the key. The next migrate restores the Secret from Helm's record:
// no user is cut off, no new registration is made, and no pod restarts. This also works at a
// primary that does not support a rollback.
func TestKeySecretDeleted(t *testing.T) {
	cluster := ofAnyVersion(t)
	ctx := context.WithoutCancel(t.Context())
	secrets := cluster.CoreV1().Secrets(inlab.SatelliteNamespace)
	pods := func() (names []string) {
		t.Helper()
		list, err := cluster.CoreV1().Pods(inlab.SatelliteNamespace).List(ctx, metav1.ListOptions{LabelSelector: "coder.deployment=coderd"})
		if err != nil {
			t.Fatal(err)
		}
		for _, pod := range list.Items {
			names = append(names, string(pod.UID))
		}
		return names
	}
	registration := func() string {
		t.Helper()
		state, err := lab.State()
		if err != nil {
			t.Fatal(err)
		}
		for _, satellite := range state.Satellites {
			if satellite.Name == "london" {
				return satellite.ID
			}
		}
		return "none"
	}
	for _, version := range []string{"1.21.7", "1.22.3"} {
		if err := lab.SetVersion(version); err != nil {
			t.Fatal(err)
		}
		plugin(t, 0, on("london", "migrate", "--yes")...) // Helm also upgrades the release with the restored Secret
		before, id, running := factsOf(t, "london"), registration(), pods()
		if err := secrets.Delete(ctx, "coder-replica-private-key", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		saysAll(t, "status", plugin(t, 1, on("london", "status")...).Stdout, []string{"the cluster has no key of the satellite", "kubectl coder-satellite migrate"})
		done := plugin(t, 0, on("london", "migrate", "--yes", "-o", "wide")...)
		saysAll(t, "migrate", done.Stderr, []string{"restore the Secret with the satellite's key"})
		if now := factsOf(t, "london"); now.Key == "" || now.Revision != before.Revision || !now.Answers || !now.Registered || registration() != id {
			t.Errorf("at %s: %+v, before: %+v", version, now, before)
		}
		if again := pods(); !slices.Equal(again, running) {
			t.Errorf("at %s, pods restarted: %v, before: %v", version, again, running)
		}
		plugin(t, 0, on("london", "status")...)
	}
}

// TestLongSatelliteOrphaned: the records of the satellite's release and the Secret with its key
// are gone, while its pods still serve the key. With the commands that the refusal names, it can
// be replaced. If the primary has a switch, no user is cut off by that.
func TestLongSatelliteOrphaned(t *testing.T) {
	cluster := ofAnyVersion(t)
	ctx := context.WithoutCancel(t.Context())
	secrets := cluster.CoreV1().Secrets(inlab.SatelliteNamespace)
	for _, version := range []string{"1.21.7", "1.22.3"} {
		if err := lab.SetVersion(version); err != nil {
			t.Fatal(err)
		}
		plugin(t, 0, on("london", "migrate", "--yes")...)
		before := factsOf(t, "london")
		records := metav1.ListOptions{LabelSelector: "owner=helm,name=" + inlab.SatelliteRelease}
		if err := secrets.DeleteCollection(ctx, metav1.DeleteOptions{}, records); err != nil {
			t.Fatal(err)
		}
		if err := secrets.Delete(ctx, "coder-replica-private-key", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		stoppedBy(t, "access-url-free", []string{"neither its Secret nor a record of a deployed release", "delete deployment coderd"}, on("london", "migrate")...)
		if version == "1.21.7" {
			plugin(t, 0, on("london", "rollback", "--yes")...)
		}
		if _, err := lab.Kubectl(ctx, "london", "--namespace", inlab.SatelliteNamespace, "delete", "deployment", "coderd"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "nobody to answer at the access URL", func() bool { return !factsOf(t, "london").Answers })
		plugin(t, 0, on("london", "migrate", "--yes")...)
		if now := factsOf(t, "london"); now.Key == "" || now.Key == before.Key || !now.Answers || !now.Registered {
			t.Errorf("at %s: %+v, before: %+v", version, now, before)
		}
		plugin(t, 0, on("london", "status")...)
	}
}
