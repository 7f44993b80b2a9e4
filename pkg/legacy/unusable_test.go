package legacy

import (
	"context"
	"testing"

	helmrelease "helm.sh/helm/v3/pkg/release"
)

// A failed release without a backup cannot be used, but still exists. The search must not report
// that there is none.
func TestUnusable(t *testing.T) {
	r := newRegion(t, "")
	r.legacy(legacyManifest(false, false))
	failed, err := r.helm(home).Deployed(name)
	if err != nil {
		t.Fatal(err)
	}
	failed.Info.Status = helmrelease.StatusFailed
	if err := r.helm(home).Update(failed); err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]bool{home: true, "elsewhere": false} {
		found, err := At(r.access, "").Find(context.Background(), Hint{Namespace: namespace})
		if err != nil || len(found.Releases) != 0 || found.Unusable != want {
			t.Errorf("for a provider in %s: %+v, %v", namespace, found, err)
		}
	}
}
