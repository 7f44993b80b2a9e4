package e2e

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

const stranger = "stranger@example.com@elsewhere/00000000"

// leaseOf is a Lease written by a machine whose clock is off by skew.
func leaseOf(holder string, duration, skew time.Duration) string {
	at := time.Now().Add(skew).UTC().Format("2006-01-02T15:04:05.000000Z")
	return fmt.Sprintf(`{"metadata":{"annotations":{"coder-satellite.dev/operation":"migrate"}},"spec":{"holderIdentity":%q,"leaseDurationSeconds":%d,"acquireTime":%q,"renewTime":%q}}`,
		holder, int(duration/time.Second), at, at)
}

// patchLease replaces the spec of the Lease of the region's provider.
func patchLease(t *testing.T, region, patch string) {
	t.Helper()
	kubectl(t, region, "--namespace", inlab.LegacyNamespace, "patch", leaseName(t, region), "--type", "merge", "--patch", patch)
}

// leaseName returns the Lease of the region's provider.
func leaseName(t *testing.T, region string) string {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	return "lease/" + inlab.ProviderLock(provider.ID)
}

// TestClockSkew: if a holder's clock is ten minutes off, its lock is neither free too early nor
// held forever.
func TestClockSkew(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	finishes(t, "ohio") // creates the Lease
	const duration = 3 * time.Second
	for i, skew := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		verb := []string{"rollback", "migrate"}[i]
		t.Run(fmt.Sprintf("%s alive", skew), func(t *testing.T) {
			patchLease(t, "ohio", leaseOf(stranger, duration, skew))
			var group sync.WaitGroup
			lease := leaseName(t, "ohio")
			run := begin(t, on("ohio", verb, "--yes", "-o", "json")...)
			group.Go(func() { // renews the lock as the other holder would
				for {
					select {
					case <-run.ended:
						return
					case <-time.After(duration / 3):
						if _, err := lab.Kubectl(t.Context(), "ohio", "--namespace", inlab.LegacyNamespace,
							"patch", lease, "--type", "merge", "--patch", leaseOf(stranger, duration, skew)); err != nil {
							t.Error(err)
							return
						}
					}
				}
			})
			result := run.wait(t, 4, 30*time.Second)
			group.Wait()
			saysAll(t, verb, result.Stdout, []string{stranger, "holds the lock"})
		})
		t.Run(fmt.Sprintf("%s dead", skew), func(t *testing.T) {
			patchLease(t, "ohio", leaseOf(stranger, duration, skew))
			result := plugin(t, 0, on("ohio", verb, "--yes")...)
			if result.Took < duration {
				t.Errorf("the lock was taken after %s, before it expired", result.Took)
			}
			lockFree(t, "ohio")
		})
	}
}

// TestHolderKilled: if a run is killed during a step, the next one takes over when the lock
// expires, and finishes.
func TestHolderKilled(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	switchOff(t, "canary-ohio")
	slow(t, "PATCH", workspacePath, 10*time.Second)
	run := begin(t, on("ohio", "migrate", "--yes", "--lock-duration", "3s")...)
	run.reaches(t, "ohio", "rebuild-canary")
	run.held(t, "PATCH")
	if err := run.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-run.ended
	ruleHolds(t, "ohio")
	clearFaults(t)
	if next := finishes(t, "ohio"); !strings.Contains(next.Resumed, "stopped without recording a result at step rebuild-canary") {
		t.Errorf("the next run does not say where this one stopped: %q", next.Resumed)
	}
}

// TestLockStolen: the satellite's lock is taken while a run waits in one of its steps. The run
// stops before its next write.
func TestLockStolen(t *testing.T) {
	t.Cleanup(func() {
		freeLease(t, "ohio")
		resetRegion(t, "ohio")
	})
	unreachable := oneRegion(t, "ohio", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.ConnectTo = strings.TrimPrefix(closedPort, "https://")
	})
	run := begin(t, "migrate", "-f", unreachable, "--yes", "--lock-duration", "6s", "-o", "json")
	run.reaches(t, "ohio", "expose-satellite")
	satellites := []string{"--namespace", inlab.SatelliteNamespace, "patch", "lease", inlab.SatelliteLock, "--type", "merge", "--patch"}
	kubectl(t, "ohio", append(satellites, leaseOf(stranger, time.Minute, 0))...)
	before := marks(t)
	result := run.wait(t, 4, 20*time.Second)
	// the run still holds the provider's lock, and can renew and release it
	own := strings.TrimPrefix(leaseName(t, "ohio"), "lease/")
	writes, err := lab.Writes("ohio", before["ohio"])
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range writes {
		if !strings.Contains(write.URI, own) {
			t.Errorf("written to the cluster: %+v", write)
		}
	}
	delete(before, "ohio")
	quiet(t, before)
	report := decoded[v1alpha1.MigrationReport](t, result)
	saysAll(t, "the report", report.Regions[0].Error, []string{"was taken over by " + stranger, "stopped before the next write"})
	if !contains(states(report.Regions[0]), "expose-satellite=Interrupted") {
		t.Errorf("steps: %v", states(report.Regions[0]))
	}
	holder := kubectl(t, "ohio", "--namespace", inlab.SatelliteNamespace, "get", "lease", inlab.SatelliteLock, "-o", "jsonpath={.spec.holderIdentity}")
	if holder != stranger {
		t.Errorf("the lock is now held by %q", holder)
	}
}
