package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// fullOffice adds twenty workspaces of five owners to a region's provider. Each owner has one in
// use, one that is on and idle, and two that are off.
func fullOffice(t *testing.T, region string) {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for owner := range 5 {
		email := fmt.Sprintf("user-%d@%s.example.com", owner, region)
		if _, err := lab.AddUser(email, "site-member"); err != nil && !strings.Contains(err.Error(), "taken") {
			t.Fatal(err)
		}
		id := userID(t, email)
		for i, workspace := range []codertest.Workspace{
			{Name: "used", LastConnectionAt: now, LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}},
			{Name: "idle", LastConnectionAt: now.Add(-5 * time.Hour), LatestStat: codertest.WorkspaceStat{ContainerStatus: "ON"}},
			{Name: "off"}, {Name: "off"},
		} {
			workspace.Name = fmt.Sprintf("%s-%d-%d", workspace.Name, owner, i)
			workspace.UserID, workspace.ResourcePoolID, workspace.LastBuiltAt = id, provider.ID, now.Add(-24*time.Hour)
			added, err := lab.AddWorkspace(workspace)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := lab.RemoveWorkspace(added.ID); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func userID(t *testing.T, email string) string {
	t.Helper()
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(state.Users, func(u codertest.User) bool { return u.Email == email })
	if i < 0 {
		t.Fatalf("there is no user %s", email)
	}
	return state.Users[i].ID
}

// workspacesOf returns the primary's workspaces of a region's provider.
func workspacesOf(t *testing.T, region string) []codertest.Workspace {
	t.Helper()
	provider, err := lab.Provider(region)
	if err != nil {
		t.Fatal(err)
	}
	state, err := lab.State()
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(state.Workspaces, func(w codertest.Workspace) bool { return w.ResourcePoolID != provider.ID })
}

// builtSince returns the sorted names of the workspaces of these kinds that were built since
// then.
func builtSince(t *testing.T, region string, since time.Time, kinds ...string) (names []string) {
	t.Helper()
	for _, w := range workspacesOf(t, region) {
		kind, _, _ := strings.Cut(w.Name, "-")
		if w.LastBuiltAt.After(since) && slices.Contains(kinds, kind) {
			names = append(names, w.Name)
		}
	}
	slices.Sort(names)
	return names
}

// impactOf computes the impact of a switch from the primary's state.
func impactOf(t *testing.T, region string, rebuilt bool) *v1alpha1.Impact {
	t.Helper()
	impact := &v1alpha1.Impact{RebuiltBySwitch: rebuilt}
	users := map[string]bool{}
	for _, w := range workspacesOf(t, region) {
		impact.Workspaces++
		if w.LatestStat.ContainerStatus == "ON" {
			impact.On++
		}
		users[w.UserID] = users[w.UserID] || time.Since(w.LastConnectionAt) < time.Hour
	}
	for _, lately := range users {
		impact.Users++
		if lately {
			impact.ConnectedLastHour++
		}
	}
	return impact
}

// TestWorkspacesMove: a plan says whom the switch affects, the primary rebuilds running
// workspaces, and migrate waits for that and counts those that still have to move. `workspaces
// rebuild` does the rest.
func TestWorkspacesMove(t *testing.T) {
	t.Cleanup(func() { resetRegion(t, "london") })
	resetRegion(t, "london")
	fullOffice(t, "london")
	built(t, "work-london") // no build is in progress after this
	want := impactOf(t, "london", true)
	plan := document[v1alpha1.Plan](t, 0, on("london", "plan")...)
	if diff := cmp.Diff(want, plan.Regions[0].Providers[0].Impact); diff != "" {
		t.Errorf("the plan's impact (-primary +plan):\n%s", diff)
	}
	refused := plugin(t, 5, on("london", "migrate", "--yes", "--max-affected", "3")...)
	saysAll(t, "migrate", refused.Stderr, []string{fmt.Sprintf("the switches affect %d workspaces that are on", want.On), "--max-affected allows 3"})
	networking(t, "london", false)

	began := time.Now()
	report := document[v1alpha1.MigrationReport](t, 0, on("london", "migrate", "--yes")...)
	if on := len(builtSince(t, "london", began, "used", "idle")); on != 10 || len(builtSince(t, "london", began, "off")) != 0 {
		t.Errorf("%d of 10 running workspaces were rebuilt when migrate ended, and of those that were off: %v", on, builtSince(t, "london", began, "off"))
	}
	for _, w := range workspacesOf(t, "london") {
		if w.Updating {
			t.Errorf("%s is being built although migrate has ended", w.Name)
		}
	}
	adoption := report.Regions[0].Providers[0].After.Adoption
	if adoption == nil || adoption.WaitingOff != 10 || adoption.WaitingOn != 0 || adoption.Adopted != want.Workspaces-10 {
		t.Errorf("the report counts %+v", adoption)
	}
	status := document[v1alpha1.StatusReport](t, 0, on("london", "status")...).Regions[0]
	i := slices.IndexFunc(status.Checks, func(r v1alpha1.CheckResult) bool { return r.ID == "workspaces-adopted" })
	if status.Phase != v1alpha1.PhaseMigrated || status.Checks[i].State != v1alpha1.CheckWarn || !strings.Contains(status.Checks[i].Message, "10 off and waiting") {
		t.Errorf("phase %s, %+v", status.Phase, status.Checks[i])
	}

	plugin(t, 0, on("london", "workspaces", "rebuild", "--yes", "--max-parallel", "5")...)
	if off := builtSince(t, "london", began, "off"); len(off) != 10 {
		t.Errorf("rebuilt: %v", off)
	}
	if status := document[v1alpha1.StatusReport](t, 0, on("london", "status")...).Regions[0]; status.Phase != v1alpha1.PhaseAdopted {
		t.Errorf("phase %s", status.Phase)
	}
}

// TestWorkspacesRebuildKilled: a primary of v1.21.0 rebuilds nothing itself. `workspaces rebuild`
// interrupts no user, and continues after it was killed, building each workspace once.
func TestWorkspacesRebuildKilled(t *testing.T) {
	t.Cleanup(func() {
		if err := lab.SetVersion("1.21.7"); err != nil {
			t.Error(err)
		}
		resetRegion(t, "london")
	})
	resetRegion(t, "london")
	if err := lab.SetVersion("1.21.0"); err != nil {
		t.Fatal(err)
	}
	fullOffice(t, "london")
	began := time.Now()
	fleet := oneRegion(t, "london", func(fleet *v1alpha1.Fleet, _ *v1alpha1.Region) { fleet.Chart.Version = "1.21.7" }) // the lab has no chart 1.21.0
	plugin(t, 0, "migrate", "-f", fleet, "--yes")
	if names := builtSince(t, "london", began, "used", "idle", "off"); len(names) > 0 {
		t.Fatalf("a primary of v1.21.0 rebuilt %v", names)
	}
	if err := lab.ResetRequests(); err != nil {
		t.Fatal(err)
	}
	run := begin(t, on("london", "workspaces", "rebuild", "--yes", "--cordon", "--max-parallel", "2")...)
	eventually(t, "three builds", func() bool { return len(builtSince(t, "london", began, "off", "idle")) >= 3 })
	if err := run.command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-run.ended
	if names := builtSince(t, "london", began, "off", "idle"); len(names) >= 15 {
		t.Fatalf("it was killed too late: %v", names)
	}
	plugin(t, 0, on("london", "workspaces", "rebuild", "--yes", "--cordon")...)
	eventually(t, "the end of a build that the killed run began", func() bool {
		return !slices.ContainsFunc(workspacesOf(t, "london"), func(w codertest.Workspace) bool { return w.Updating })
	})
	if names := builtSince(t, "london", began, "off", "idle"); len(names) != 15 {
		t.Errorf("rebuilt: %v", names)
	}
	if names := builtSince(t, "london", began, "used"); len(names) != 0 {
		t.Errorf("workspaces in use were rebuilt: %v", names)
	}
	requests, err := lab.Requests()
	if err != nil {
		t.Fatal(err)
	}
	asked, cordons := map[string]int{}, []string(nil)
	for _, r := range requests {
		switch {
		case r.Method == http.MethodPatch && strings.HasPrefix(r.Path, "/api/v0/workspaces/"):
			asked[r.Path]++
		case r.Method == http.MethodPost && strings.HasSuffix(r.Path, "cordon"):
			cordons = append(cordons, r.Path[strings.LastIndex(r.Path, "/")+1:])
		}
	}
	for path, times := range asked {
		if times > 1 {
			t.Errorf("%s was rebuilt %d times", path, times)
		}
	}
	if got := strings.Join(cordons, " "); got != "cordon cordon uncordon" {
		t.Errorf("the cordon was %q", got)
	}
	status := document[v1alpha1.StatusReport](t, 0, on("london", "status")...).Regions[0]
	i := slices.IndexFunc(status.Checks, func(r v1alpha1.CheckResult) bool { return r.ID == "workspaces-adopted" })
	if !strings.Contains(status.Checks[i].Message, "5 on and waiting") {
		t.Errorf("%+v", status.Checks[i])
	}
}
