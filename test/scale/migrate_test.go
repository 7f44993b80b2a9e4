//go:build linux

package scale

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder/codertest"
)

// TestMigrate migrates real regions, each in its own cluster, in a lab where Coder's servers are
// roundTrip away: by hand with runbook.sh, one region after the other, and with the plugin, each
// in a new lab. The clusters' API servers have no delay. That favors neither side: the plugin
// sends them more requests, but helm and kubectl make new connections each time.
func TestMigrate(t *testing.T) {
	regions := make([]string, number(t, "CODER_SATELLITE_SCALE_REGIONS", "10"))
	for i := range regions {
		regions[i] = nameOf(i)
	}
	byHand := migrated(t, regions, func(dir string, about description) *exec.Cmd {
		args := []string{about.RepoURL, about.PrimaryVersion, filepath.Join(dir, "common.yaml")}
		for _, region := range about.Regions {
			args = append(args, region.Name+"="+region.AccessURL)
		}
		return exec.Command("./runbook.sh", args...)
	})
	fmt.Printf("migrating %d regions by hand: %.1f s\n", len(regions), byHand.Seconds())
	for _, way := range []struct {
		flags  []string
		target float64
	}{
		{nil, 0.35},
		{[]string{"--max-parallel", "1"}, 1},
	} {
		took := migrated(t, regions, func(dir string, _ description) *exec.Cmd {
			args := append([]string{"migrate", "--yes", "--measure=false", "-f", filepath.Join(dir, "fleet.yaml")}, way.flags...)
			return exec.Command(plugin(), args...)
		})
		fmt.Printf("migrate %s: %.1f s: ratio %.2f, target %.2f\n",
			strings.Join(append([]string{"--measure=false"}, way.flags...), " "), took.Seconds(), took.Seconds()/byHand.Seconds(), way.target)
	}
}

// migrated runs a command in a new lab of these regions, and returns how long it took. It fails
// the test unless all regions are migrated afterwards.
func migrated(t *testing.T, regions []string, command func(dir string, about description) *exec.Cmd) time.Duration {
	t.Helper()
	dir, about, env, down := start(t, regions...)
	defer down()
	for _, network := range append([]string{"primary"}, regions...) {
		body := fmt.Sprintf(`{"roundTrip": %d}`, roundTrip)
		control(t, http.MethodPut, about.ControlURL+"/networks/"+network, body, nil)
	}
	cmd := command(dir, about)
	// bin contains helm and a released kubectl
	cmd.Env = slices.Concat(env, []string{"PATH=" + bin() + string(os.PathListSeparator) + os.Getenv("PATH")})
	for _, program := range []string{"helm", "kubectl"} {
		if _, err := os.Stat(filepath.Join(bin(), program)); err != nil {
			t.Fatalf("%v: run `make bench-scale`, which builds it", err)
		}
	}
	began := time.Now()
	output, err := cmd.CombinedOutput()
	took := time.Since(began)
	if err != nil {
		t.Fatalf("%q after %s: %v\n%s", cmd.Args, took, err, output)
	}
	var state codertest.State
	control(t, http.MethodGet, about.ControlURL+"/state", "", &state)
	allMigrated(t, state, len(regions))
	return took
}

// allMigrated checks the primary's state after a migration of this number of regions: all
// providers are switched, all satellites are registered, and each of the operator's canaries,
// which were off, was rebuilt.
func allMigrated(t *testing.T, state codertest.State, regions int) {
	t.Helper()
	switched, rebuilt := 0, 0
	for _, provider := range state.Providers {
		if provider.EnableNetV2 != nil && *provider.EnableNetV2 {
			switched++
		}
	}
	for _, workspace := range state.Workspaces {
		if strings.HasPrefix(workspace.Name, "canary-") && workspace.LatestStat.ContainerStatus == "ON" {
			rebuilt++
		}
	}
	if switched != regions || rebuilt != regions || len(state.Satellites) != regions {
		t.Fatalf("of %d regions, %d are switched, %d have a registered satellite, and %d have a rebuilt canary", regions, switched, len(state.Satellites), rebuilt)
	}
}

// control calls the lab's control API.
func control(t *testing.T, method, url, body string, answer any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s", method, url, response.Status)
	}
	if answer == nil {
		return
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		t.Fatal(err)
	}
}
