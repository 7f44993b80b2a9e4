package e2e

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// operatorRuns is the number of contests between two operators: 10, or CODER_SATELLITE_OPERATORS.
func operatorRuns(t *testing.T) int {
	t.Helper()
	text := os.Getenv("CODER_SATELLITE_OPERATORS")
	if text == "" {
		return 10
	}
	runs, err := strconv.Atoi(text)
	if err != nil || runs < 1 {
		t.Fatalf("CODER_SATELLITE_OPERATORS is %q: it must be a number of runs", text)
	}
	return runs
}

// TestTwoOperators: two operators start the same verb at the same time. One wins, and the other
// exits with 4 and names the winner. Migrations and rollbacks alternate.
func TestTwoOperators(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "sydney") })
	fleet := oneRegion(t, "sydney", func(_ *v1alpha1.Fleet, region *v1alpha1.Region) {
		region.Canary.Workspace = "canary-sydney" // "auto" would choose a different one for each operator
	})
	second := "second-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "@example.com"
	token, err := lab.AddUser(second, codertest.RoleManager)
	if err != nil {
		t.Fatal(err)
	}
	tokenFiles := []string{lab.TokenFiles["manager"], writeInLab(t, "token", []byte(token))}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"operator@example.com@" + host, second + "@" + host}
	// long enough for the loser to see the winner renew its lock
	slow(t, "PATCH", poolPath, 1500*time.Millisecond)

	runs, winners, violations := operatorRuns(t), 0, 0
	for i := range runs {
		verb := []string{"migrate", "rollback"}[i%2]
		var pair [2]*running
		for k := range pair {
			pair[k] = begin(t, verb, "-f", fleet, "--yes", "--lock-duration", "2s", "-o", "json", "--coder-token-file", tokenFiles[k])
		}
		var results [2]inlab.Result
		for k, run := range pair {
			select {
			case <-run.ended:
				results[k] = run.result
			case <-time.After(time.Minute):
				t.Fatalf("run %d: operator %d did not end within a minute", i, k)
			}
		}
		problem := oneWinner(results, names)
		if problem == "" {
			winners++
			problem = settled(verb)
		}
		if problem != "" {
			violations++
			t.Errorf("run %d, %s: %s\n%s\n%s", i, verb, problem, results[0], results[1])
		}
	}
	lockFree(t, "sydney")
	fmt.Printf("operators: %d runs, %d winners, %d violations\n", runs, winners, violations)
}

// oneWinner returns a problem unless exactly one of two runs wins, and the other is told who won
// and what to do.
func oneWinner(results [2]inlab.Result, names []string) (problem string) {
	winner := 0
	if results[0].Code != 0 {
		winner = 1
	}
	loser := results[1-winner]
	if results[winner].Code != 0 || loser.Code != 4 {
		return fmt.Sprintf("exit codes %d and %d", results[0].Code, results[1].Code)
	}
	for _, wanted := range []string{names[winner] + "/", "holds the lock", "wait for it", "coder-satellite unlock", `"next": "kubectl coder-satellite status`} {
		if !strings.Contains(loser.Stdout, wanted) {
			return fmt.Sprintf("the loser is not told %q", wanted)
		}
	}
	return ""
}

// settled returns a problem with the primary's state after a verb.
func settled(verb string) (problem string) {
	state, err := lab.State()
	if err != nil {
		return err.Error()
	}
	registered := 0
	for _, satellite := range state.Satellites {
		if satellite.Name == "sydney" {
			registered++
		}
	}
	provider, err := lab.Provider("sydney")
	switch {
	case err != nil:
		return err.Error()
	case registered != 1:
		return fmt.Sprintf("%d registrations", registered)
	case provider.EnableNetV2 == nil || *provider.EnableNetV2 != (verb == "migrate"):
		return "Networking v2 is not as the winner left it"
	default:
		return ""
	}
}
