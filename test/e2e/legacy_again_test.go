package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// TestLongAgainAndAgain: three rounds of migrate and rollback always end in the same two states,
// object by object.
func TestLongAgainAndAgain(t *testing.T) {
	for _, flags := range [][]string{nil, {"--remove-satellite"}} {
		t.Run("rollback "+strings.Join(flags, " "), func(t *testing.T) {
			freshLegacy(t, "london")
			states := map[string]map[string]string{}
			for round := 1; round <= 3; round++ {
				plugin(t, 0, on("london", "migrate", "--yes")...)
				plugin(t, 0, on("london", "status")...)
				sameState(t, states, "migrate", round)
				plugin(t, 0, slices.Concat(on("london", "rollback", "--yes"), flags)...)
				sameState(t, states, "rollback", round)
			}
		})
	}
}

// sameState fails the test unless the region's state after the verb equals that of the first
// round.
func sameState(t *testing.T, states map[string]map[string]string, verb string, round int) {
	t.Helper()
	now := stateOf(t, "london")
	if round == 1 {
		states[verb] = now
		return
	}
	if diff := cmp.Diff(states[verb], now); diff != "" {
		t.Errorf("after %s no. %d (-first +now):\n%s", verb, round, diff)
	}
}

// stateOf returns everything about a region that should not depend on the number of migrations:
// its objects, the bytes of the legacy record, the primary's provider, registration and canary,
// and the checks of status.
func stateOf(t *testing.T, region string) map[string]string {
	t.Helper()
	access, err := lab.Access(region)
	if err != nil {
		t.Fatal(err)
	}
	state, err := inlab.Picture(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	state["record"] = kubectl(t, region, "--namespace", "coder", "get", "secret", "sh.helm.release.v1.coder-workspace-provider.v1", "-o", "jsonpath={.data.release} {.metadata.labels} {.metadata.annotations.coder-satellite\\.dev/retained-at}")
	state["releases"] = helm(t, region, "list", "--all-namespaces", "--all", "--short")
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	state["networking"] = fmt.Sprint(*provider.EnableNetV2)
	provider.EnableNetV2 = nil
	state["provider"] = fmt.Sprintf("%+v", provider)
	primary, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range primary.Satellites {
		if satellite.Name == region {
			state["registered"] += satellite.Name + " "
		}
	}
	canary, err := lab.Workspace("canary-" + region)
	if err != nil {
		t.Fatal(err)
	}
	state["canary"] = fmt.Sprintf("%s, updating %t", canary.LatestStat.ContainerStatus, canary.Updating)
	result := lab.Plugin(t.Context(), on(region, "status", "-o", "jsonpath={range .regions[0].checks[*]}{.id}={.state} {end}{.regions[0].phase}")...)
	state["checks"] = result.Stdout
	if !strings.Contains(result.Stdout, string(v1alpha1.CheckPass)) {
		t.Errorf("status: %s", result)
	}
	return state
}
