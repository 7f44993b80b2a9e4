package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

const turnPath = "/api/private/turn"

// TestVerify: a migrated region's canary is reached through its satellite's relay, with only the
// rights that `rbac` prints. A region that is not migrated is not reached, and the report says
// why. Nothing is written.
func TestVerify(t *testing.T) {
	const region = "sydney"
	args := []string{"verify", "-f", "fleet.yaml", "--region", region}
	t.Cleanup(func() { resetRegion(t, region) })
	before := document[v1alpha1.VerifyReport](t, 1, args...)
	// the first failure depends on whether the canary is on yet
	if got := before.Regions[0]; got.Satellite != nil ||
		!strings.Contains(got.Message, "is ON: turn one on") && !strings.Contains(got.Message, "nothing answers there") {
		t.Errorf("before the migration: %+v", got)
	}
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", region, "--yes")

	ends := marks(t)
	const account = "operators:verifier"
	kubeconfig := leastKubeconfig(t, region, account)
	roles := plugin(t, 0, "rbac", "-f", "fleet.yaml", "--region", region, "--verb", "verify", "--serviceaccount", account)
	file := writeInLab(t, "roles.yaml", []byte(roles.Stdout))
	kubectl(t, region, "apply", "-f", file)
	t.Cleanup(func() { kubectl(t, region, "delete", "-f", file) })

	delete(ends, region) // the test created the account in this region
	report := document[v1alpha1.VerifyReport](t, 0, append(args, "--pings", "3", "--kubeconfig", kubeconfig)...)
	quiet(t, ends)
	got := report.Regions[0]
	if got.Outcome != v1alpha1.OutcomeSucceeded || got.Workspace != "canary-"+region {
		t.Errorf("outcome %s, workspace %q", got.Outcome, got.Workspace)
	}
	for name, connection := range map[string]*v1alpha1.Connection{"satellite": got.Satellite, "primary": got.Primary} {
		if connection == nil || !connection.Connected || connection.RoundTrip.Sent != 3 || connection.RoundTrip.Lost != 0 || connection.RoundTrip.MinMicroseconds <= 0 {
			t.Errorf("through the %s: %+v", name, connection)
		}
	}
	// each side of the connection uses the satellite's TURN server, which asks the primary to
	// check their tokens
	if asked, relayed := turns(t); asked < 2 || relayed < 2 {
		t.Errorf("the satellite asked for %d tokens, and the primary itself relayed for %d; want 2 and 2 at least", asked, relayed)
	}
}

// turns returns how often satellites had tokens of TURN clients checked, and how many clients
// used the primary's own TURN server.
func turns(t *testing.T) (asked, relayed int) {
	t.Helper()
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		switch {
		case request.Path != turnPath:
		case request.Satellite != "" && request.Status == http.StatusUpgradeRequired:
			asked++
		case request.Satellite == "":
			relayed++
		}
	}
	return asked, relayed
}

// TestVerifyTrouble: if a workspace cannot be reached, the report names the stage and what to do.
func TestVerifyTrouble(t *testing.T) {
	const region = "ohio"
	args := []string{"verify", "-f", "fleet.yaml", "--region", region, "--pings", "1"}
	t.Cleanup(func() { resetRegion(t, region) })
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", region, "--yes")
	other, err := lab.AddUser("verifier@example.com", codertest.RoleManager)
	if err != nil {
		t.Fatal(err)
	}
	token := writeInLab(t, "token", []byte(other))
	for _, test := range []struct {
		name  string
		fault codertest.Fault
		args  []string
		stage string
		want  []string
	}{
		{
			name: "TURN is blocked", fault: codertest.Fault{Path: turnPath, Status: http.StatusBadGateway, Body: "<html>no</html>"}, stage: "relay",
			want: []string{"the TURN server cannot be reached", "502", "WebSockets to /api/private/turn must pass"},
		},
		{
			name: "no agent", fault: codertest.Fault{Path: "/api/private/envagent/*/connect", Status: http.StatusServiceUnavailable}, stage: "broker",
			want: []string{"the broker does not lead to the workspace's agent", "503", "rebuild the workspace"},
		},
		{
			name: "somebody else's workspace", args: []string{"--coder-token-file", token, "--workspace", "canary-ohio"},
			want: []string{`verifier@example.com has no workspace "canary-ohio"`, "only its owner can connect", "--workspace"},
		},
		{
			name: "no such workspace", args: []string{"--workspace", "nowhere"},
			want: []string{`has no workspace "nowhere" on provider "ohio"`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.fault.Path != "" {
				if err := lab.AddFault(test.fault); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := lab.ClearFaults(); err != nil {
						t.Error(err)
					}
				})
			}
			all := append(append([]string{}, args...), test.args...)
			report := document[v1alpha1.VerifyReport](t, 1, all...)
			said := report.Regions[0].Message
			if c := report.Regions[0].Satellite; c != nil {
				said += c.Message + c.Hint
				if c.Stage != test.stage {
					t.Errorf("stage %q, want %q", c.Stage, test.stage)
				}
			} else if test.stage != "" {
				t.Errorf("nothing was tried: %s", said)
			}
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("it does not say %q: %s", want, said)
				}
			}
		})
	}
}

// TestVerifyUnregistered: a satellite that the primary does not trust gets no token.
func TestVerifyUnregistered(t *testing.T) {
	const region = "london"
	t.Cleanup(func() { resetRegion(t, region) })
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", region, "--yes")
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	for _, satellite := range state.Satellites {
		if satellite.Name == region {
			if err := lab.Call(http.MethodDelete, "/api/private/satellites/"+satellite.ID, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	report := document[v1alpha1.VerifyReport](t, 1, "verify", "-f", "fleet.yaml", "--region", region)
	if got := report.Regions[0]; got.Satellite != nil || !strings.Contains(got.Message, "is not registered at the primary") {
		t.Errorf("%+v", got)
	}
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range requests {
		if request.Satellite != "" && request.User != "" {
			t.Errorf("the satellite passed a token on: %s %s", request.Method, request.Path)
		}
	}
	// one of two regions is reached: neither complete success nor complete failure
	plugin(t, 0, "migrate", "-f", "fleet.yaml", "--region", "sydney", "--yes")
	t.Cleanup(func() { resetRegion(t, "sydney") })
	plugin(t, 3, "verify", "-f", "fleet.yaml", "--region", region, "--region", "sydney")
}
