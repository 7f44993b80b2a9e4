package e2e

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongSleepWhileRegistering: a laptop is closed while it registers the satellite, and opened
// after its lock has expired. Whatever the run does then, its report agrees with the primary's
// list of satellites.
func TestLongSleepWhileRegistering(t *testing.T) {
	t.Cleanup(func() {
		freeLease(t, "ohio")
		resetRegion(t, "ohio")
	})
	for _, another := range []bool{true, false} {
		name := map[bool]string{true: "another run has the lock", false: "nobody has the lock"}[another]
		t.Run(name, func(t *testing.T) {
			resetRegion(t, "ohio")
			slow(t, "POST", satellitePath, 2*time.Second)
			run := begin(t, on("ohio", "migrate", "--yes", "-o", "json",
				"--lock-duration", "2s", "--request-timeout", "4s", "--evidence-dir", t.TempDir())...)
			run.held(t, "POST")
			run.signal(t, syscall.SIGSTOP)
			eventually(t, "the primary registers the satellite", func() bool { return registered(t, "ohio") })
			clearFaults(t)
			if another {
				patchLease(t, "ohio", leaseOf(stranger, time.Minute, 0))
			}
			<-time.After(5 * time.Second) // longer than the lock lasts and the request may take
			run.signal(t, syscall.SIGCONT)
			result := run.outcome(t, time.Minute)
			now, report := factsOf(t, "ohio"), reported(t, result)
			toldAfterSleep(t, result, report, now)
			if another {
				lockLost(t, result, report)
				saysAll(t, "the report", wordsOf(report), []string{stranger})
				freeLease(t, "ohio")
			}
			if result.Code != 0 {
				leadsOn(t, "ohio", report)
			}
			finishes(t, "ohio")
		})
	}
}

// toldAfterSleep fails the test if the report is wrong about the registration.
func toldAfterSleep(t *testing.T, result inlab.Result, report v1alpha1.RegionReport, now facts) {
	t.Helper()
	for _, untrue := range []string{"nothing was registered", "nothing was changed"} {
		if now.Registered && strings.Contains(wordsOf(report)+result.Stderr, untrue) {
			t.Errorf("the report says %q, and the primary lists the satellite:\n%s", untrue, wordsOf(report))
		}
	}
	saysNothingUntrue(t, report, now)
}

// lockLost fails the test unless a run says that it lost its lock, and exits with 4 and a command
// that continues.
func lockLost(t *testing.T, result inlab.Result, report v1alpha1.RegionReport) {
	t.Helper()
	if result.Code != 4 || report.Outcome != v1alpha1.OutcomeLockLost {
		t.Errorf("a run that lost its lock ended with %d, outcome %s: %s", result.Code, report.Outcome, report.Error)
	}
	saysAll(t, "the report", report.Error, []string{"lock"})
	saysAll(t, "next", report.Next, []string{"kubectl coder-satellite migrate"})
}

// TestRegistrationArrivesLate: a run that sleeps gives up a request that is still in flight.
// Until that request takes effect the registration is unknown, so no report says that nothing was
// registered.
func TestRegistrationArrivesLate(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "ohio") })
	resetRegion(t, "ohio")
	late := codertest.Fault{Method: http.MethodPost, Path: satellitePath, Delay: 8 * time.Second, Late: true, Times: 1}
	if err := lab.AddFault(late); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { clearFaults(t) })
	run := begin(t, on("ohio", "migrate", "--yes", "--request-timeout", "3s", "-o", "json", "--evidence-dir", t.TempDir())...)
	run.held(t, http.MethodPost)
	run.signal(t, syscall.SIGSTOP)
	<-time.After(4 * time.Second)
	run.signal(t, syscall.SIGCONT)
	result := run.outcome(t, time.Minute)
	eventually(t, "the primary registers the satellite", func() bool { return registered(t, "ohio") })
	report := reported(t, result)
	if result.Code != 0 {
		if inlab.StateOf(report) != nil && inlab.StateOf(report).Registered == v1alpha1.FindingNo {
			t.Errorf("the report says that the satellite is not registered, and could not know that:\n%s", wordsOf(report))
		}
		if strings.Contains(wordsOf(report), "nothing was registered") {
			t.Errorf("the report says that nothing was registered, and could not know that:\n%s", wordsOf(report))
		}
		leadsOn(t, "ohio", report)
	}
	finishes(t, "ohio")
}

// freeLease releases a region's lock, whoever holds it.
func freeLease(t *testing.T, region string) {
	t.Helper()
	const free = `{"spec":{"holderIdentity":""}}`
	patchLease(t, region, free)
	kubectl(t, region, "--namespace", inlab.SatelliteNamespace, "patch", "lease", inlab.SatelliteLock, "--type", "merge", "--patch", free)
}
