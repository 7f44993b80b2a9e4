package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
)

// office is a world whose provider was switched to Networking v2 an hour ago. Some of its
// workspaces were built before that, and some since.
type office struct {
	*world
	provider codertest.Provider
	since    time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	w := newWorld(t)
	on, now := true, time.Now()
	o := &office{world: w, since: now.Add(-time.Hour)}
	o.provider = w.primary.AddProvider(codertest.Provider{
		Name: "office", EnableNetV2: &on, Config: codertest.ProviderConfig{ClusterAddress: "https://10.1.1.1", DefaultNamespace: "coder"},
	})
	o.journal(t, &journal.Switch{On: true, At: o.since, LatestBuild: &o.since})
	for _, user := range []string{"bob", "cid", "dan", "eve"} {
		w.primary.AddUser(user+"@example.com", "site-member")
	}
	before, lately, longAgo := now.Add(-2*time.Hour), now.Add(-630*time.Second), now.Add(-5*time.Hour)
	o.add("moved", "bob", "ON", now.Add(-time.Minute), lately)
	o.add("off", "bob", "OFF", before, longAgo)
	o.add("idle", "cid", "ON", before, longAgo)
	o.add("never", "cid", "ON", before, time.Time{})
	o.add("used", "dan", "ON", before, lately)
	o.add("robot", "eve", "OFF", before, longAgo)
	o.add("broken", "eve", "FAILED", before, longAgo)
	return o
}

func (o *office) journal(t *testing.T, switched *journal.Switch) {
	t.Helper()
	data, err := journal.Encode(&journal.Record{Version: 1, Operation: "migrate", Outcome: v1alpha1.OutcomeSucceeded, Primary: o.primary.URL(), Switched: switched})
	if err != nil {
		t.Fatal(err)
	}
	name := cluster.NameFor(journal.Name, o.provider.ID)
	object, err := json.Marshal(map[string]any{
		"kind": "ConfigMap", "apiVersion": "v1", "metadata": map[string]string{"name": name, "namespace": "coder"}, "data": map[string]string{"journal.json": string(data)},
	})
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.objects["/api/v1/namespaces/coder/configmaps/"+name] = string(object)
}

// networking switches the provider without the plugin, as another operator would.
func (o *office) networking(t *testing.T, on bool) {
	t.Helper()
	client, err := coder.New(coder.Config{
		URL: o.primary.URL(), Token: coder.Token(o.getenv["CODER_TOKEN"]), CAFile: writeFile(t, "ca.pem", string(o.primary.CA())),
	})
	if err == nil {
		err = client.SetNetworkingV2(t.Context(), o.provider.ID, on)
	}
	if err != nil {
		t.Error(err)
	}
}

func (o *office) add(name, owner, status string, built, connected time.Time) {
	state := o.primary.State()
	i := slices.IndexFunc(state.Users, func(u codertest.User) bool { return u.Email == owner+"@example.com" })
	o.primary.AddWorkspace(codertest.Workspace{
		Name: name, UserID: state.Users[i].ID, ResourcePoolID: o.provider.ID, LastBuiltAt: built, LastConnectionAt: connected,
		LatestStat: codertest.WorkspaceStat{ContainerStatus: status},
	})
}

// id returns a workspace's ID.
func (o *office) id(name string) string {
	workspaces := o.primary.Workspaces()
	return workspaces[slices.IndexFunc(workspaces, func(w codertest.Workspace) bool { return w.Name == name })].ID
}

// during calls do at the moment when the client sees that the workspace is being built. The
// returned function waits until do has been called.
func (o *office) during(name string, opened time.Time, do func()) (wait func()) {
	// the first read comes before the build
	o.primary.AddFault(codertest.Fault{Method: http.MethodGet, Path: "/api/v0/workspaces/" + o.id(name), After: 1, Status: http.StatusBadGateway})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !slices.Contains(o.rebuilt(opened), name) {
			runtime.Gosched()
		}
		do()
		o.primary.ClearFaults()
	}()
	return func() { <-done }
}

// rebuilt names the workspaces that were built since the office opened.
func (o *office) rebuilt(opened time.Time) (names []string) {
	for _, w := range o.primary.Workspaces() {
		if w.ResourcePoolID == o.provider.ID && w.LastBuiltAt.After(opened) {
			names = append(names, w.Name)
		}
	}
	slices.Sort(names)
	return names
}

// workspaces runs the verb `workspaces` on the office.
func (o *office) workspaces(ctx context.Context, t *testing.T, args ...string) said {
	t.Helper()
	return o.run(ctx, t, slices.Concat([]string{"workspaces"}, args, []string{"--context", "sydney", "--satellite", "none", "--provider", "office"})...)
}

// told lists the workspaces as "name: state, reason".
func told(report v1alpha1.WorkspaceReport) (lines []string) {
	for _, w := range report.Workspaces {
		lines = append(lines, strings.TrimSuffix(fmt.Sprintf("%s of %s: %s %s, %s", w.Name, w.Owner, w.State, w.Rebuild, w.Reason), ", "))
	}
	return lines
}

func TestWorkspacesList(t *testing.T) {
	o := newOffice(t)
	got := o.workspaces(t.Context(), t, "-o", "json")
	report := decode[v1alpha1.WorkspaceReport](t, got)
	want := []string{
		"broken of eve@example.com: Failed ", "idle of cid@example.com: Waiting ", "moved of bob@example.com: Adopted ",
		"never of cid@example.com: Waiting ", "off of bob@example.com: Waiting ", "robot of eve@example.com: Waiting ", "used of dan@example.com: Waiting ",
	}
	if diff := cmp.Diff(want, told(report)); diff != "" || got.code != 0 {
		t.Errorf("exit code %d (-want +got):\n%s", got.code, diff)
	}
	adoption := &v1alpha1.Adoption{Total: 7, Adopted: 1, WaitingOn: 3, WaitingOff: 2, Failed: 1}
	if diff := cmp.Diff(adoption, report.Providers[0].Adoption); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	text := o.workspaces(t.Context(), t).out
	for _, says := range []string{"5 of 7 workspaces wait for a rebuild", "workspaces rebuild"} {
		if !strings.Contains(text, says) {
			t.Errorf("no %q in:\n%s", says, text)
		}
	}
	if wide := o.workspaces(t.Context(), t, "-o", "wide").out; !strings.Contains(wide, "dan@example.com") || strings.Contains(text, "dan@example.com") {
		t.Errorf("the workspaces are not those of -o wide:\n%s", wide)
	}
	if len(o.writes)+len(o.primary.Writes()) > 0 {
		t.Errorf("written: %v, %v", o.writes, o.primary.Writes())
	}
}

// The path of a workspace is known only if it is known since when the provider has its current
// one.
func TestWorkspacesOfUnknownState(t *testing.T) {
	o := newOffice(t)
	for why, switched := range map[string]*journal.Switch{
		"no journal says when": nil,
		"somebody else":        {On: false, At: o.since, LatestBuild: &o.since},
		"could not be listed":  {On: true, At: o.since},
	} {
		o.journal(t, switched)
		got := o.workspaces(t.Context(), t, "-o", "json")
		report := decode[v1alpha1.WorkspaceReport](t, got)
		provider := report.Providers[0]
		if got.code != exitFailed || provider.Adoption != nil || !strings.Contains(provider.Message, why) || report.Workspaces[0].State != "" {
			t.Errorf("exit code %d: %+v, %v", got.code, provider, told(report))
		}
		if got := o.workspaces(t.Context(), t, "rebuild", "--yes"); got.code != exitFailed || len(o.rebuilt(o.since.Add(59*time.Minute+30*time.Second))) > 0 {
			t.Errorf("exit code %d: a workspace whose state is unknown was rebuilt:\n%s", got.code, got.out)
		}
		given := decode[v1alpha1.WorkspaceReport](t, o.workspaces(t.Context(), t, "-o", "json", "--since", o.since.Format(time.RFC3339)))
		if given.Providers[0].Adoption == nil || given.Providers[0].Adoption.Adopted != 1 {
			t.Errorf("with --since: %+v", given.Providers[0])
		}
	}
}

// A rebuild interrupts nobody: workspaces that are off come first, then those that were unused
// for hours. The one in use and the excluded one are not rebuilt.
func TestRebuildConsiderately(t *testing.T) {
	o, opened := newOffice(t), time.Now()
	args := []string{"rebuild", "--exclude-owner", "eve", "-o", "json", "--yes"}
	plan := decode[v1alpha1.WorkspaceReport](t, o.workspaces(t.Context(), t, append(args, "--dry-run")...))
	want := []string{
		"off of bob@example.com: Waiting Planned", "never of cid@example.com: Waiting Planned", "idle of cid@example.com: Waiting Planned",
		"robot of eve@example.com: Waiting Left, its owner is excluded", "used of dan@example.com: Waiting Left, it may be in use: its owner was connected 10m ago",
		"broken of eve@example.com: Failed Left, its last build failed: its owner has to look at it",
		"moved of bob@example.com: Adopted Left, it was built since the switch",
	}
	if diff := cmp.Diff(want, told(plan)); diff != "" || plan.Outcome != v1alpha1.OutcomeChangesPending {
		t.Errorf("%s (-want +got):\n%s", plan.Outcome, diff)
	}
	if len(o.primary.Writes()) > 0 {
		t.Errorf("a dry run wrote: %v", o.primary.Writes())
	}
	got := o.workspaces(t.Context(), t, append(args, "--cordon")...)
	report := decode[v1alpha1.WorkspaceReport](t, got)
	for i := range want {
		want[i] = strings.Replace(want[i], "Planned", "Done", 1)
	}
	if diff := cmp.Diff(want, told(report)); diff != "" || got.code != 0 || report.Outcome != v1alpha1.OutcomeSucceeded {
		t.Errorf("exit code %d, %s (-want +got):\n%s", got.code, report.Outcome, diff)
	}
	if diff := cmp.Diff([]string{"idle", "never", "off"}, o.rebuilt(opened)); diff != "" {
		t.Errorf("rebuilt (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(&v1alpha1.Adoption{Total: 7, Adopted: 4, WaitingOn: 1, WaitingOff: 1, Failed: 1}, report.Providers[0].Adoption); diff != "" {
		t.Errorf("afterwards (-want +got):\n%s", diff)
	}
	if cordons := o.cordons(); cordons != "cordon uncordon" {
		t.Errorf("the cordon was %q", cordons)
	}
	if again := o.workspaces(t.Context(), t, args...); again.code != 0 || decode[v1alpha1.WorkspaceReport](t, again).Outcome != v1alpha1.OutcomeNothingToDo {
		t.Errorf("again: exit code %d: %s", again.code, again.out)
	}
	forced := o.workspaces(t.Context(), t, append(args, "--include-active", "--reason", "the region closes")...)
	if diff := cmp.Diff([]string{"idle", "never", "off", "used"}, o.rebuilt(opened)); diff != "" || decode[v1alpha1.WorkspaceReport](t, forced).Reason != "the region closes" {
		t.Errorf("with those in use (-want +got):\n%s\n%s", diff, forced.out)
	}
}

// cordons lists, in order, the cordons that were set and lifted.
func (o *office) cordons() string {
	var words []string
	for _, r := range o.primary.Writes() {
		if before, verb, _ := strings.Cut(r.Path, o.provider.ID+"/"); before == "/api/private/resource-pools/" {
			words = append(words, verb)
		}
	}
	return strings.Join(words, " ")
}

// A failed build keeps further builds from starting, and the cordon is still lifted.
func TestRebuildFails(t *testing.T) {
	o, opened := newOffice(t), time.Now()
	o.primary.FailBuilds(o.id("off"), "no space left", true)
	got := o.workspaces(t.Context(), t, "rebuild", "--max-parallel", "1", "--cordon", "-o", "json", "--yes")
	report := decode[v1alpha1.WorkspaceReport](t, got)
	lines := strings.Join(told(report), "\n")
	if got.code != exitFailed || !strings.Contains(lines, "Failed, the build of workspace \"off\" failed: no space left") || strings.Count(lines, "NotStarted, 1 failed before") != 3 {
		t.Errorf("exit code %d:\n%s", got.code, lines)
	}
	if diff := cmp.Diff([]string{"off"}, o.rebuilt(opened)); diff != "" || o.cordons() != "cordon uncordon" {
		t.Errorf("%s (-want +got):\n%s", o.cordons(), diff)
	}
	got = o.workspaces(t.Context(), t, "rebuild", "--max-parallel", "1", "--yes", "-o", "json")
	if report := decode[v1alpha1.WorkspaceReport](t, got); got.code != 0 || report.Outcome != v1alpha1.OutcomeSucceeded {
		t.Errorf("it does not continue: exit code %d:\n%s", got.code, strings.Join(told(report), "\n"))
	}
}

// If the cordon cannot be lifted, the report gives the command that lifts it.
func TestCordonStays(t *testing.T) {
	o := newOffice(t)
	o.primary.AddFault(codertest.Fault{Method: http.MethodPost, Path: "/api/private/resource-pools/" + o.provider.ID + "/uncordon", Status: http.StatusInternalServerError})
	got := o.workspaces(t.Context(), t, "rebuild", "--cordon", "-o", "json", "--yes")
	report := decode[v1alpha1.WorkspaceReport](t, got)
	message := report.Providers[0].Message
	if got.code != exitPartlyFailed || !strings.Contains(message, "still cordoned") || !strings.Contains(message, "coder providers uncordon office") {
		t.Errorf("exit code %d: %q", got.code, message)
	}
	o.primary.ClearFaults()
	o.primary.ResetRequests()
	if got := o.workspaces(t.Context(), t, "rebuild", "--cordon", "--yes"); got.code != 0 || o.cordons() != "uncordon" {
		t.Errorf("the next run does not lift it: exit code %d, %s:\n%s", got.code, o.cordons(), got.out)
	}
}

// A signal stops a rebuild between two workspaces, and the same command continues it later.
func TestRebuildInterrupted(t *testing.T) {
	o, opened := newOffice(t), time.Now()
	ctx, cancel := context.WithCancelCause(t.Context())
	wait := o.during("off", opened, func() { cancel(errors.New("stopped by a test")) })
	got := o.workspaces(ctx, t, "rebuild", "--max-parallel", "1", "--cordon", "-o", "json", "--yes")
	wait()
	report := decode[v1alpha1.WorkspaceReport](t, got)
	lines := strings.Join(told(report), "\n")
	if got.code != exitInterrupted || strings.Count(lines, " Done") != 1 || strings.Count(lines, " NotStarted, stopped by a test") != 3 || o.cordons() != "cordon uncordon" {
		t.Errorf("exit code %d, %s:\n%s", got.code, o.cordons(), lines)
	}
	if got := o.workspaces(t.Context(), t, "rebuild", "--yes"); got.code != 0 || len(o.rebuilt(opened)) != 4 {
		t.Errorf("exit code %d, rebuilt %v:\n%s", got.code, o.rebuilt(opened), got.out)
	}
}

// If someone switches the provider back meanwhile, the rebuild stops instead of working against
// them.
func TestRebuildStopsAfterASwitch(t *testing.T) {
	o, opened := newOffice(t), time.Now()
	wait := o.during("off", opened, func() { o.networking(t, false) })
	got := o.workspaces(t.Context(), t, "rebuild", "--max-parallel", "1", "--max-failures", "9", "-o", "json", "--yes")
	wait()
	lines := strings.Join(told(decode[v1alpha1.WorkspaceReport](t, got)), "\n")
	if got.code != exitPartlyFailed || strings.Count(lines, "Failed, not started: Networking v2 was switched in the meantime") != 3 {
		t.Errorf("exit code %d:\n%s", got.code, lines)
	}
}
