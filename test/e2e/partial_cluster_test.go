package e2e

import (
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestClusterAwayAfterTheSwitch: the region's API server goes away for longer
// than the lock lasts. The report says that the lock was lost, what was done
// last, and what the switch is now. The switch of a migration that is not
// complete is undone, unless another run owns the region by then.
func TestClusterAwayAfterTheSwitch(t *testing.T) {
	line, err := inlab.NewLine(strings.TrimPrefix(lab.Region("ohio").Server, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Cut)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.Clusters[config.Contexts["ohio"].Cluster].Server = "https://" + line.Address
	})
	// by its name, since no provider has the address at which the line begins
	fleet := oneRegion(t, "ohio", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = "ohio" })
	t.Cleanup(func() {
		freeLease(t, "ohio")
		resetRegion(t, "ohio")
	})
	for _, another := range []bool{false, true} {
		t.Run(map[bool]string{false: "nobody else has the lock", true: "another run has the lock"}[another], func(t *testing.T) {
			resetRegion(t, "ohio")
			slow(t, "PATCH", workspacePath, 8*time.Second)
			run := begin(t, "migrate", "-f", fleet, "--kubeconfig", kubeconfig, "--region", "ohio", "--yes", "-o", "json",
				"--lock-duration", "3s", "--evidence-dir", t.TempDir())
			run.reaches(t, "ohio", "rebuild-canary")
			run.held(t, "PATCH")
			networking(t, "ohio", true)
			line.Cut()
			<-time.After(6 * time.Second) // longer than the lock lasts
			if another {
				patchLease(t, "ohio", leaseOf(stranger, time.Minute, 0))
			}
			<-time.After(5 * time.Second)
			if err := line.Join(); err != nil {
				t.Fatal(err)
			}
			result := run.outcome(t, time.Minute)
			clearFaults(t)
			now, report := factsOf(t, "ohio"), reported(t, result)
			lockLost(t, result, report)
			saysAll(t, "the report", wordsOf(report), []string{"rebuild-canary", "Networking v2"})
			if now.On != another {
				t.Errorf("Networking v2 on is %t, although the lock is another's is %t: %s", now.On, another, result)
			}
			saysNothingUntrue(t, report, now)
			if report.After != nil && report.After.NetworkingV2 == v1alpha1.NetworkingV2Unknown {
				t.Error("the report does not say what the switch is now")
			}
			if another {
				saysAll(t, "the report", wordsOf(report), []string{stranger})
				freeLease(t, "ohio")
			}
			leadsOn(t, "ohio", report)
		})
	}
}

// TestClusterAwayForGood: what cannot be done and cannot be known is said.
func TestClusterAwayForGood(t *testing.T) {
	line, err := inlab.NewLine(strings.TrimPrefix(lab.Region("ohio").Server, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Cut)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.Clusters[config.Contexts["ohio"].Cluster].Server = "https://" + line.Address
	})
	fleet := oneRegion(t, "ohio", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) { region.Provider = "ohio" })
	t.Cleanup(func() { resetRegion(t, "ohio") })
	resetRegion(t, "ohio")
	slow(t, "PATCH", workspacePath, 8*time.Second)
	run := begin(t, "migrate", "-f", fleet, "--kubeconfig", kubeconfig, "--region", "ohio", "--yes", "-o", "json",
		"--lock-duration", "3s", "--evidence-dir", t.TempDir())
	run.reaches(t, "ohio", "rebuild-canary")
	run.held(t, "PATCH")
	line.Cut()
	result := run.outcome(t, 2*time.Minute)
	clearFaults(t)
	now, report := factsOf(t, "ohio"), reported(t, result)
	lockLost(t, result, report)
	saysNothingUntrue(t, report, now)
	saysAll(t, "the report", wordsOf(report), []string{"lock", "rebuild-canary", "Networking v2"})
	if err := line.Join(); err != nil {
		t.Fatal(err)
	}
	leadsOn(t, "ohio", report)
}
