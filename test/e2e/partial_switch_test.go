package e2e

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// TestSignalWithoutSatellite: after a signal a run leaves its work to the next one, but does not
// leave users on an unreachable satellite.
func TestSignalWithoutSatellite(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	killedWhileRebuilding(t, "london")
	unreachable := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.ConnectTo = "127.0.0.1:9" })
	run := begin(t, "migrate", "-f", unreachable, "--yes", "-o", "json")
	run.reaches(t, "london", "expose-satellite")
	networking(t, "london", true)
	run.signal(t, os.Interrupt)
	result := run.outcome(t, 30*time.Second)
	now, report := factsOf(t, "london"), reported(t, result)
	if result.Code != 130 || now.On {
		t.Errorf("exit code %d, and Networking v2 on is %t: %s", result.Code, now.On, wordsOf(report))
	}
	now.Answers = false // at the address in the Fleet
	saysTheFacts(t, report, now)
	lockFree(t, "london")
	finishes(t, "london")
}

// TestProviderRenamed: a provider that is renamed during a run is still recognised.
func TestProviderRenamed(t *testing.T) {
	provider, err := lab.Provider("london")
	if err != nil {
		t.Fatal(err)
	}
	rename := func(name string) {
		if err := lab.Call(http.MethodPatch, "/api/private/resource-pools/"+provider.ID, map[string]string{"name": name}); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		rename("london")
		resetRegion(t, "london")
	})
	refuseRebuild(t, "london")
	run := begin(t, on("london", "migrate", "--yes", "-o", "json", "--evidence-dir", t.TempDir())...)
	run.reaches(t, "london", "rebuild-canary")
	run.held(t, http.MethodPatch)
	rename("london-old")
	result := run.outcome(t, time.Minute)
	rename("london")
	now, report := factsOf(t, "london"), reported(t, result)
	if result.Code != 1 || now.On {
		t.Errorf("exit code %d, and Networking v2 on is %t: %s", result.Code, now.On, wordsOf(report))
	}
	saysTheFacts(t, report, now)
	leadsOn(t, "london", report)
}

// TestTokenExpires: if the token expires after the switch, nothing can be undone. The report says
// so first, and suggests rollback as the next command.
func TestTokenExpires(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	email := "expiring-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "@example.com"
	token, err := lab.AddUser(email, codertest.RoleManager)
	if err != nil {
		t.Fatal(err)
	}
	fleet := oneRegion(t, "london", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Canary.Workspace = "canary-london" })
	file := writeInLab(t, "token", []byte(token))
	refuseRebuild(t, "london")
	run := begin(t, "migrate", "-f", fleet, "--yes", "-o", "json", "--coder-token-file", file, "--evidence-dir", t.TempDir())
	run.reaches(t, "london", "rebuild-canary")
	run.held(t, http.MethodPatch)
	if err := lab.ExpireToken(token); err != nil {
		t.Fatal(err)
	}
	result := run.outcome(t, time.Minute)
	now, report := factsOf(t, "london"), reported(t, result)
	if result.Code != 1 || !now.On {
		t.Errorf("exit code %d, and Networking v2 on is %t: %s", result.Code, now.On, wordsOf(report))
	}
	saysNothingUntrue(t, report, now)
	if first, _, _ := strings.Cut(report.Error, ":"); !strings.Contains(strings.ToLower(first), "networking v2 may still be on") {
		t.Errorf("the report does not begin with Networking v2 being on: %s", report.Error)
	}
	if !strings.HasPrefix(report.Next, "kubectl coder-satellite rollback ") {
		t.Errorf("next is %q", report.Next)
	}
	again, err := os.ReadFile(lab.TokenFiles["manager"])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, again, 0o600); err != nil {
		t.Fatal(err)
	}
	leadsOn(t, "london", report)
	networking(t, "london", false)
}
