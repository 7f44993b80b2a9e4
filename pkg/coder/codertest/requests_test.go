package codertest_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// The log has each request, its user and its status.
func TestRequestLog(t *testing.T) {
	d := start(t, codertest.Options{})
	pool := pools + "/" + d.AddProvider(codertest.Provider{Name: "sydney"}).ID
	d.call(t, "", http.MethodGet, "/api", nil)
	d.call(t, codertest.RoleMember, http.MethodPatch, pool, `{}`)
	d.call(t, codertest.RoleManager, http.MethodPatch, pool, `{}`)
	d.call(t, "", http.MethodGet, pools, nil)
	d.call(t, codertest.RoleManager, http.MethodHead, pools, nil)
	want := []codertest.Request{
		{Method: "GET", Path: "/api", Status: 200},
		{Method: "PATCH", Path: pool, Status: 403, User: "member@example.com"},
		{Method: "PATCH", Path: pool, Status: 204, User: "manager@example.com"},
		{Method: "GET", Path: pools, Status: 401},
		{Method: "HEAD", Path: pools, Status: 200, User: "manager@example.com"},
	}
	ignore := cmpopts.IgnoreFields(codertest.Request{}, "Time", "Agent")
	if diff := cmp.Diff(want, settled(t, d), ignore); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:3], d.Writes(), ignore); diff != "" {
		t.Errorf("writes: %s", diff)
	}
	for _, request := range d.Requests() {
		if request.Time.IsZero() || request.Agent == "" {
			t.Errorf("without time or agent: %+v", request)
		}
	}
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{"", "", 5}, {"PATCH", "", 2}, {"", pools, 2}, {"GET", pools, 1}, {"", pools + "/*", 2}, {"", "/api/private/**", 4}, {"DELETE", "", 0},
	} {
		if got := d.Count(test.method, test.path); got != test.want {
			t.Errorf("%s %s: %d, want %d", test.method, test.path, got, test.want)
		}
	}
	d.ResetRequests()
	if got := d.Requests(); len(got) != 0 {
		t.Errorf("after the reset: %+v", got)
	}
}

// settled waits until no request is in progress, since an answer arrives before its handler has
// finished.
func settled(t *testing.T, d *deployment) []codertest.Request {
	t.Helper()
	var requests []codertest.Request
	eventually(t, "the log", func() bool {
		requests = d.Requests()
		for _, request := range requests {
			if request.Pending {
				return false
			}
		}
		return true
	})
	return requests
}

// The request for a build log is logged as soon as it begins.
func TestRequestsUnderWay(t *testing.T) {
	d := start(t, codertest.Options{})
	canary := d.canary(codertest.RoleManager)
	connection := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	got := d.Requests()
	if len(got) != 1 || !got[0].Pending || got[0].User != "manager@example.com" {
		t.Errorf("while it is open: %+v", got)
	}
	_ = connection.CloseNow()
	if got := settled(t, d); got[0].Status != http.StatusSwitchingProtocols {
		t.Errorf("when it is closed: %+v", got)
	}
}

// A log that is emptied while a request is in progress stays empty.
func TestResetWhileUnderWay(t *testing.T) {
	d := start(t, codertest.Options{})
	canary := d.canary(codertest.RoleManager)
	connection := watch(t, d.client, d.URL(), d.tokens[codertest.RoleManager], canary.ID)
	d.ResetRequests()
	_ = connection.CloseNow()
	d.Close() // waits for the end of the build log
	if got := d.Requests(); len(got) != 0 {
		t.Errorf("the log is %+v", got)
	}
}
