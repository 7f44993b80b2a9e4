package codertest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// watch opens a workspace's build log.
func watch(t *testing.T, client *http.Client, url, token, workspaceID string) *websocket.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	plain := *client
	plain.Timeout = 0 // the limit would end the log
	//nolint:bodyclose // the library closes or replaces it
	connection, response, err := websocket.Dial(ctx, url+"/api/private/workspaces/"+workspaceID+"/watch-update", &websocket.DialOptions{
		HTTPClient: &plain, HTTPHeader: http.Header{"Session-Token": {token}},
	})
	if err != nil {
		t.Fatalf("%v (%v)", err, response)
	}
	t.Cleanup(func() { _ = connection.CloseNow() })
	return connection
}

// next reads messages up to and including done.
func next(t *testing.T, connection *websocket.Conn) (messages []codertest.BuildMessage) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		var message codertest.BuildMessage
		if err := wsjson.Read(ctx, connection, &message); err != nil {
			t.Fatalf("after %d messages: %v", len(messages), err)
		}
		messages = append(messages, message)
		if message.Type == "done" {
			return messages
		}
	}
}

func types(messages []codertest.BuildMessage) string {
	var list []string
	for _, message := range messages {
		list = append(list, message.Type)
	}
	return strings.Join(list, " ")
}

func (d *deployment) workspace(t *testing.T, id string) codertest.Workspace {
	t.Helper()
	return decode[codertest.Workspace](t, d.manager(t, http.MethodGet, "/api/v0/workspaces/"+id, nil, 200))
}

func (d *deployment) canary(role string) codertest.Workspace {
	provider := d.AddProvider(codertest.Provider{Name: "sydney"})
	return d.AddWorkspace(codertest.Workspace{
		Name: "canary", UserID: d.users[role].ID, ResourcePoolID: provider.ID,
		RebuildMessages: []codertest.RebuildMessage{{Text: "a new image", Required: true}},
	})
}

func TestBuild(t *testing.T) {
	d := start(t, codertest.Options{})
	before := d.canary(codertest.RoleManager)
	path := "/api/v0/workspaces/" + before.ID
	log := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], before.ID)
	if got := d.manager(t, http.MethodPatch, path, `{}`, 204); got.body != "" {
		t.Errorf("the answer has a body: %s", got.body)
	}
	during := d.workspace(t, before.ID)
	if !during.Updating || during.LatestStat.ContainerStatus != "CREATING" || !during.LastBuiltAt.After(before.LastBuiltAt) {
		t.Errorf("while it builds: %+v", during)
	}
	messages := next(t, log)
	if got, want := types(messages), "start stage substage stage done"; got != want {
		t.Errorf("messages %q, want %q", got, want)
	}
	ids := map[string]bool{}
	for i, message := range messages {
		ids[message.ID] = true
		if message.BuildID == "" || message.BuildID != messages[0].BuildID || message.WorkspaceID != before.ID || message.Msg == "" ||
			message.Time.Before(before.LastBuiltAt) || i > 0 && message.Time.Before(messages[i-1].Time) {
			t.Errorf("message %d: %+v", i, message)
		}
	}
	if len(ids) != len(messages) {
		t.Errorf("the messages' IDs are %v", ids)
	}
	after := d.workspace(t, before.ID)
	if after.Updating || after.LatestStat.ContainerStatus != "ON" || after.LatestStat.StatError != "" ||
		!after.LastBuiltAt.Equal(during.LastBuiltAt) || len(after.RebuildMessages) != 0 {
		t.Errorf("after the build: %+v", after)
	}
	if diff := cmp.Diff(after, d.Workspaces()[0]); diff != "" {
		t.Errorf("the API and the state differ: %s", diff)
	}
}

func TestEdit(t *testing.T) {
	d := start(t, codertest.Options{})
	canary := d.canary(codertest.RoleManager)
	image := d.AddImage("coder/go")
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, map[string]any{
		"image_id": image.ID, "image_tag": "v2", "cpu_cores": 2.5, "memory_gb": 4, "disk_gb": 20, "gpus": 1, "template_id": nil,
	}, 204)
	got := d.workspace(t, canary.ID)
	if got.ImageID != image.ID || got.ImageTag != "v2" || got.CPUCores != 2.5 || got.MemoryGB != 4 || got.DiskGB != 20 || got.GPUs != 1 || !got.Updating {
		t.Errorf("after the edit: %+v", got)
	}
}

// Builds fail by rule: only the next one, or all until the rule is removed.
func TestFailedBuilds(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 4 * time.Millisecond})
	canary := d.canary(codertest.RoleManager)
	log := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	build := func(failure string) {
		t.Helper()
		d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, `{}`, 204)
		messages, want, status := next(t, log), "start stage substage stage done", "ON"
		if failure != "" {
			want, status = "start stage substage stage error done", "FAILED"
		}
		if got := types(messages); got != want {
			t.Errorf("messages %q, want %q", got, want)
		} else if failure != "" && messages[4].Msg != failure {
			t.Errorf("the error is %q", messages[4].Msg)
		}
		if got := d.workspace(t, canary.ID); got.Updating || got.LatestStat.ContainerStatus != status || got.LatestStat.StatError != failure {
			t.Errorf("after the build: %+v", got.LatestStat)
		}
	}
	build("")
	d.FailBuilds(canary.ID, "no space left on device", true)
	build("no space left on device")
	build("")
	d.FailBuilds(canary.ID, "image not found", false)
	build("image not found")
	build("image not found")
	d.FailBuilds(canary.ID, "", false)
	build("")
	if d.FailBuilds("none", "x", true) {
		t.Error("builds of an unknown workspace are to fail")
	}
}

// Of several concurrent rebuilds one begins, and the others are refused.
func TestConcurrentRebuilds(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: time.Minute})
	canary := d.canary(codertest.RoleManager)
	var mu sync.Mutex
	counts := map[int]int{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			got, err := send(d.client, http.MethodPatch, d.URL()+"/api/v0/workspaces/"+canary.ID, d.tokens[codertest.RoleManager], `{}`)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			counts[got.status]++
		})
	}
	group.Wait()
	if counts[204] != 1 || counts[409] != 7 {
		t.Errorf("the statuses are %v", counts)
	}
}

// A client that connects during a build gets all its messages, one that connects before waits for
// it, and a connection continues with the next build.
func TestWatchers(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 2 * time.Second}) // long enough to connect during it
	canary := d.canary(codertest.RoleManager)
	rebuild := func() { d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, `{}`, 204) }
	gone := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	_ = gone.CloseNow() // a closed connection must not block the others
	early := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	rebuild()
	late := watch(t, d.client, d.URL(), d.tokens[codertest.RoleAuditor], canary.ID)
	first := next(t, early)
	if diff := cmp.Diff(first, next(t, late)); diff != "" {
		t.Errorf("the late client received another build: %s", diff)
	}
	idle := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	rebuild()
	second := next(t, idle)
	if second[0].BuildID == first[0].BuildID {
		t.Error("a client that connects after a build gets the old one")
	}
	for _, connection := range []*websocket.Conn{early, late} {
		if diff := cmp.Diff(second, next(t, connection)); diff != "" {
			t.Errorf("the second build: %s", diff)
		}
	}
}

// The end of a build that no client has seen is sent to the next client, so that a client that
// requests a build and then watches is never too late. It is sent only once.
func TestLateWatcher(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 4 * time.Millisecond})
	canary := d.canary(codertest.RoleManager)
	rebuild := func() { d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, `{}`, 204) }
	rebuild()
	eventually(t, "the build's end", func() bool { return !d.workspace(t, canary.ID).Updating })
	late := next(t, watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID))
	if types(late) != "start stage substage stage done" {
		t.Errorf("the late client received %q", types(late))
	}
	idle := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	rebuild()
	if second := next(t, idle); second[0].BuildID == late[0].BuildID {
		t.Error("a build was sent twice")
	}
}

// With ReplayBuilds the previous build comes first, under its own ID.
func TestReplayBuilds(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 4 * time.Millisecond, ReplayBuilds: true})
	canary := d.canary(codertest.RoleManager)
	d.FailBuilds(canary.ID, "no space left on device", true)
	live := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, `{}`, 204)
	first := next(t, live)
	again := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	if diff := cmp.Diff(first, next(t, again)); diff != "" {
		t.Errorf("the replay differs: %s", diff)
	}
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+canary.ID, `{}`, 204)
	second := next(t, again)
	if second[0].BuildID == first[0].BuildID || types(second) != "start stage substage stage done" {
		t.Errorf("the second build is %+v", second)
	}
}

// The log refuses the same users as the API, and accepts a token in the query.
func TestWatchRefusals(t *testing.T) {
	d := start(t, codertest.Options{})
	canary := d.canary(codertest.RoleManager)
	plain := &http.Client{Transport: d.client.Transport}
	dial := func(query, token, id string) (*websocket.Conn, int) {
		//nolint:bodyclose // the library closes or replaces it
		connection, response, err := websocket.Dial(t.Context(), d.URL()+"/api/private/workspaces/"+id+"/watch-update"+query,
			&websocket.DialOptions{HTTPClient: plain, HTTPHeader: http.Header{"Session-Token": {token}}})
		if err != nil && response == nil {
			t.Fatal(err)
		}
		return connection, response.StatusCode
	}
	for _, test := range []struct {
		query, role, id string
		status          int
	}{
		{"", "", canary.ID, 401},
		{"?session_token=wrong", "", canary.ID, 401},
		{"", codertest.RoleMember, canary.ID, 404},
		{"", codertest.RoleManager, "none", 404},
		{"", codertest.RoleManager, canary.ID, 101},
		{"?session_token=" + d.tokens[codertest.RoleManager], "", canary.ID, 101},
	} {
		connection, status := dial(test.query, d.tokens[test.role], test.id)
		if status != test.status {
			t.Errorf("%+v: status %d", test, status)
		}
		if connection != nil {
			_ = connection.CloseNow()
		}
	}
	// without an upgrade
	d.manager(t, http.MethodGet, "/api/private/workspaces/"+canary.ID+"/watch-update", nil, http.StatusUpgradeRequired)
}

// Close ends builds and logs that are in progress.
func TestCloseEndsBuildsAndLogs(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: time.Hour})
	busy, idle := d.canary(codertest.RoleManager), d.canary(codertest.RoleManager)
	logs := []*websocket.Conn{
		watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], busy.ID),
		watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], idle.ID),
	}
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+busy.ID, `{}`, 204)
	if _, _, err := logs[0].Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Close()
	d.Close() // a second call does no harm
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for i, connection := range logs {
		if _, _, err := connection.Read(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("log %d: %v", i, err)
		}
	}
	// after Close, the handler refuses requests even if another server still uses it
	recorder := httptest.NewRecorder()
	d.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/api", nil))
	if recorder.Code != http.StatusServiceUnavailable {
		t.Errorf("after Close: status %d", recorder.Code)
	}
}

// The filters for users and organizations work alone and together, repeated or separated by
// commas.
func TestWorkspaceFilters(t *testing.T) {
	d := start(t, codertest.Options{})
	org := d.AddOrg("research")
	manager, member := d.users[codertest.RoleManager].ID, d.users[codertest.RoleMember].ID
	for _, workspace := range []codertest.Workspace{
		{Name: "a", UserID: manager}, {Name: "b", UserID: member}, {Name: "c", UserID: member, OrganizationID: org.ID},
	} {
		d.AddWorkspace(workspace)
	}
	for query, want := range map[string]string{
		"": "abc", "?users=" + manager: "a", "?users=" + member: "bc", "?users=" + member + "," + manager: "abc",
		"?users=" + member + "&users=" + manager: "abc", "?orgs=" + org.ID: "c", "?orgs=" + org.ID + "&users=" + manager: "",
		"?users=none": "", "?users=": "abc",
	} {
		got := ""
		for _, workspace := range decode[[]codertest.Workspace](t, d.manager(t, http.MethodGet, "/api/v0/workspaces"+query, nil, 200)) {
			got += workspace.Name
		}
		if got != want {
			t.Errorf("%q: %q, want %q", query, got, want)
		}
	}
}
