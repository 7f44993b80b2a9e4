package codertest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// fleet adds a provider with workspaces in these states, which are named by their number.
func (d *deployment) fleet(states ...string) (provider codertest.Provider) {
	provider = d.AddProvider(codertest.Provider{Name: fmt.Sprintf("fleet-%d", len(d.Providers()))})
	for i, state := range states {
		d.AddWorkspace(codertest.Workspace{
			Name: fmt.Sprint(i), UserID: d.users[codertest.RoleMember].ID, ResourcePoolID: provider.ID,
			LatestStat: codertest.WorkspaceStat{ContainerStatus: state},
		})
	}
	return provider
}

// toggle switches the provider's Networking v2.
func (d *deployment) toggle(t *testing.T, provider codertest.Provider, on bool) {
	t.Helper()
	d.manager(t, http.MethodPatch, pools+"/"+provider.ID, map[string]bool{"enable_net_v2": on}, 204)
}

// builtSince returns the names of the workspaces that were built since then, and how many builds
// are in progress.
func builtSince(d *deployment, made []codertest.Workspace) (names []string, building int) {
	for i, w := range d.Workspaces() {
		if w.LastBuiltAt.After(made[i].LastBuiltAt) {
			names = append(names, w.Name)
		}
		if w.Updating {
			building++
		}
	}
	return names, building
}

// From 1.21.1 on, a change of Networking v2 rebuilds the provider's workspaces that are ON. Older
// versions rebuild none, and neither does a request that changes nothing.
func TestToggleRebuilds(t *testing.T) {
	for _, test := range []struct {
		version string
		on      bool
		want    []string
	}{
		{"1.21.0", true, nil},
		{"1.21.1", true, []string{"0", "2"}},
		{"v1.21.7", true, []string{"0", "2"}},
		{"1.21.7", false, nil}, // already off
	} {
		t.Run(fmt.Sprint(test.version, test.on), func(t *testing.T) {
			d := start(t, codertest.Options{Version: test.version, BuildTime: 4 * time.Millisecond})
			provider := d.fleet("ON", "OFF", "ON", "FAILED")
			d.fleet("ON") // of another provider
			made := d.Workspaces()
			d.toggle(t, provider, test.on)
			var built []string
			eventually(t, "the builds", func() bool {
				now, building := builtSince(d, made)
				built = now
				return len(built) >= len(test.want) && building == 0
			})
			if diff := cmp.Diff(test.want, built); diff != "" {
				t.Errorf("built (-want +got):\n%s", diff)
			}
		})
	}
}

// Only a few workspaces are built at a time, and each only once, even if its owner rebuilds it
// meanwhile.
func TestToggleRebuildsAFewAtATime(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 100 * time.Millisecond})
	provider := d.fleet("ON", "ON", "ON", "ON", "ON", "ON", "ON")
	made := d.Workspaces()
	d.toggle(t, provider, true)
	most := 0
	eventually(t, "all builds", func() bool {
		built, building := builtSince(d, made)
		most = max(most, building)
		return len(built) == len(made) && building == 0
	})
	if most == 0 || most > 3 {
		t.Errorf("%d were built at a time", most)
	}
	first := d.Workspaces()
	d.toggle(t, provider, false)
	eventually(t, "builds that leave some waiting", func() bool {
		built, _ := builtSince(d, first)
		return len(built) > 0
	})
	rebuilt := map[string]time.Time{}
	for i, w := range d.Workspaces() {
		if w.LastBuiltAt.Equal(first[i].LastBuiltAt) && len(rebuilt) == 0 {
			if got := d.call(t, codertest.RoleManager, http.MethodPatch, "/api/v0/workspaces/"+w.ID, `{}`); got.status != 204 {
				continue // already being built: try the next one
			}
			rebuilt[w.ID] = d.workspace(t, w.ID).LastBuiltAt
		}
	}
	eventually(t, "all builds", func() bool {
		built, building := builtSince(d, first)
		return len(built) == len(first) && building == 0
	})
	if len(rebuilt) == 0 {
		t.Error("no owner rebuilt a workspace in time")
	}
	for id, at := range rebuilt {
		if now := d.workspace(t, id).LastBuiltAt; !now.Equal(at) {
			t.Errorf("the workspace that its owner rebuilt at %s was built again at %s", at, now)
		}
	}
}

// A build that was in progress at the switch is followed by another. A second switch replaces the
// first.
func TestToggleDuringBuilds(t *testing.T) {
	d := start(t, codertest.Options{BuildTime: 40 * time.Millisecond})
	provider := d.fleet("OFF", "ON", "ON", "ON", "ON", "ON")
	d.manager(t, http.MethodPatch, "/api/v0/workspaces/"+d.Workspaces()[0].ID, `{}`, 204)
	d.toggle(t, provider, true)
	switched := time.Now()
	d.toggle(t, provider, false)
	eventually(t, "a build of each since the last switch", func() bool {
		for _, w := range d.Workspaces() {
			if w.Updating || w.LastBuiltAt.Before(switched) {
				return false
			}
		}
		return true
	})
}
