package e2e

import (
	"strings"
	"testing"
	"time"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// cuttable returns a line that can be cut, and the arguments of a migrate that reaches the
// region's API server over it.
func cuttable(t *testing.T, region string) (line *inlab.Line, args []string) {
	t.Helper()
	line, err := inlab.NewLine(strings.TrimPrefix(lab.Region(region).Server, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(line.Cut)
	kubeconfig := editedKubeconfig(t, func(config *clientcmdapi.Config) {
		config.Clusters[config.Contexts[region].Cluster].Server = "https://" + line.Address
	})
	// the provider is named, since none has the line's address
	fleet := oneRegion(t, region, func(_ *v1alpha1.Fleet, changed *v1alpha1.Region) { changed.Provider = region })
	return line, []string{
		"migrate", "-f", fleet, "--kubeconfig", kubeconfig, "--region", region, "--yes", "-o", "json", "--lock-duration", "2s",
	}
}

// TestLongClusterAwayAfterTheSwitch: the region's API server goes away for longer than the lock
// lasts. The report says that the lock was lost, what was done last, and what the switch is now.
// The switch of an incomplete migration is undone, unless another run is known to hold the
// region's lock by then.
func TestLongClusterAwayAfterTheSwitch(t *testing.T) {
	line, args := cuttable(t, "ohio")
	t.Cleanup(func() {
		freeLease(t, "ohio")
		resetRegion(t, "ohio")
	})
	for _, tc := range []struct {
		name string
		// another is set if another run takes the lock meanwhile, back if the cluster answers
		// again before the present step ends.
		another, back bool
	}{
		{"nobody else has the lock", false, false},
		{"nobody else has the lock, and the cluster is back", false, true},
		{"another run has the lock, which cannot be known", true, false},
		{"another run has the lock, and the cluster is back", true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			resetRegion(t, "ohio")
			slow(t, "PATCH", workspacePath, 6*time.Second)
			run := begin(t, append(args, "--evidence-dir", t.TempDir())...)
			run.reaches(t, "ohio", "rebuild-canary")
			run.held(t, "PATCH")
			networking(t, "ohio", true)
			line.Cut()
			<-time.After(3 * time.Second) // longer than the lock lasts
			if tc.another {
				patchLease(t, "ohio", leaseOf(stranger, time.Minute, 0))
			}
			if !tc.back {
				<-time.After(5 * time.Second)
			}
			if err := line.Join(); err != nil {
				t.Fatal(err)
			}
			result := run.outcome(t, time.Minute)
			clearFaults(t)
			now, report := factsOf(t, "ohio"), reported(t, result)
			lockLost(t, result, report)
			saysAll(t, "the report", wordsOf(report), []string{"rebuild-canary"})
			saysNothingUntrue(t, report, now)
			if inlab.StateOf(report) != nil && inlab.StateOf(report).NetworkingV2 == v1alpha1.NetworkingV2Unknown {
				t.Error("the report does not give the state of the switch")
			}
			switch {
			case !tc.another && now.On:
				t.Errorf("Networking v2 is on although no other run has the lock: %s", wordsOf(report))
			case tc.another && tc.back && !now.On:
				t.Errorf("the switch was changed, although another run has the lock: %s", wordsOf(report))
			}
			if tc.another && tc.back {
				saysAll(t, "the report", wordsOf(report), []string{stranger})
			}
			freeLease(t, "ohio")
			leadsOn(t, "ohio", report)
		})
	}
}

// TestClusterAwayForGood: the report says what could not be done and what is unknown.
func TestClusterAwayForGood(t *testing.T) {
	line, args := cuttable(t, "ohio")
	t.Cleanup(func() { resetRegion(t, "ohio") })
	resetRegion(t, "ohio")
	slow(t, "PATCH", workspacePath, 6*time.Second)
	run := begin(t, append(args, "--evidence-dir", t.TempDir())...)
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
