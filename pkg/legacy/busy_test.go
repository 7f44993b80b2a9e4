package legacy

import (
	"context"
	"strings"
	"testing"

	"helm.sh/helm/v3/pkg/action"
	helmrelease "helm.sh/helm/v3/pkg/release"
)

// A Helm operation that was killed may leave a release without a deployed revision, and there may
// be no backup. Find then names the command that ends this state, and Helm can run that command.
func TestFindNamesWhatEndsAnOperation(t *testing.T) {
	for _, status := range []helmrelease.Status{
		helmrelease.StatusPendingInstall, helmrelease.StatusPendingUpgrade, helmrelease.StatusPendingRollback, helmrelease.StatusUninstalling,
	} {
		t.Run(status.String(), func(t *testing.T) {
			r := newRegion(t, "")
			r.install(helmRelease(home, name, chartName, legacyManifest(false, false), 3, status))
			found, err := r.site().Find(context.Background(), Hint{Namespace: home})
			if err != nil || len(found.Releases) != 0 || !found.Unusable {
				t.Fatalf("found %s, %v", found.Explain(), err)
			}
			const command = "`helm --kube-context test --namespace coder rollback coder-workspace-provider 3`"
			if want := "wait for the Helm operation to end; if nobody runs one, end it with " + command; found.Remedy != want {
				t.Errorf("remedy %q, want %q", found.Remedy, want)
			}
			if !strings.Contains(found.Explain(), "if nobody runs one, "+command+" ends it") {
				t.Errorf("explains %s", found.Explain())
			}
			rollback := action.NewRollback(r.access.Helm(home))
			rollback.Version = 3
			if err := rollback.Run(name); err != nil {
				t.Fatal(err)
			}
			if release := r.find(); release.Revision != 4 || release.Busy() != "" {
				t.Errorf("after it: %+v", release)
			}
		})
	}
}

// A release that failed without an operation in progress needs no such command.
func TestFindNamesNoCommandForFailed(t *testing.T) {
	r := newRegion(t, "")
	r.install(helmRelease(home, name, chartName, legacyManifest(false, false), 1, helmrelease.StatusFailed))
	found, err := r.site().Find(context.Background(), Hint{Namespace: home})
	if err != nil || !found.Unusable || found.Remedy != "" {
		t.Errorf("found %+v, %v", found, err)
	}
}
