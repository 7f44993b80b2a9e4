package codertest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// fleet adds a provider with workspaces of these states, named by their number.
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

// toggle switches Networking v2 of the provider.
func (d *deployment) toggle(t *testing.T, provider codertest.Provider, on bool) {
	t.Helper()
	d.manager(t, http.MethodPatch, pools+"/"+provider.ID, map[string]bool{"enable_net_v2": on}, 204)
}

// builtSince are the names of the workspaces that were built since they were
// made, and how many are being built.
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

// From 1.21.1 on, a change of Networking v2 rebuilds the provider's workspaces
// that are ON; before, and where nothing changes, none.
func TestToggleRebuilds(t *testing.T) {
	for _, test := range []struct {
		version string
		on      bool
		want    []string
	}{
		{"1.21.0", true, nil},
		{"1.21.1", true, []string{"0", "2"}},
		{"v1.21.7", true, []string{"0", "2"}},
		{"1.21.7", false, nil}, // it is off
	} {
		t.Run(fmt.Sprint(test.version, test.on), func(t *testing.T) {
			d := start(t, codertest.Options{Version: test.version, BuildTime: 4 * time.Millisecond})
			provider := d.fleet("ON", "OFF", "ON", "FAILED")
			d.fleet("ON") // another provider's
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

// A few workspaces are built at a time, and each of them once, also if its owner
// rebuilds it meanwhile.
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
				continue // its turn has come: the next one
			}
			rebuilt[w.ID] = d.workspace(t, w.ID).LastBuiltAt
		}
	}
	eventually(t, "all builds", func() bool {
		built, building := builtSince(d, first)
		return len(built) == len(first) && building == 0
	})
	if len(rebuilt) == 0 {
		t.Error("no owner was in time")
	}
	for id, at := range rebuilt {
		if now := d.workspace(t, id).LastBuiltAt; !now.Equal(at) {
			t.Errorf("what its owner rebuilt at %s was built again at %s", at, now)
		}
	}
}

// A build that runs when the provider is switched began before: another follows
// it. A second switch takes the place of the first.
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
