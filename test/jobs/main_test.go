//go:build linux

// Package jobs lets the Jobs that `export jobs` writes migrate a fleet: the lab's real Job controller makes the pods, and its
// node runs them as processes of the plugin. `make test-jobs` runs it.
package jobs

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

const (
	image     = "registry.example.com/coder-satellite:v0.1.0"
	home      = "headquarters" // a cluster beside those of the regions
	namespace = "coder-satellite-jobs"
)

// lab has twelve regions, and a cluster that runs the Jobs.
var lab *inlab.Lab

// waves are the regions of the fleet's waves.
func waves() [][]string {
	return [][]string{{"a1", "a2"}, {"b1", "b2", "b3", "b4", "b5"}, {"c1", "c2", "c3", "c4", "c5"}}
}

func TestMain(m *testing.M) { os.Exit(inLab(m.Run)) }

func inLab(run func() int) int {
	_, set := os.LookupEnv("CODER_SATELLITE_JOBS")
	if !set {
		fmt.Println("skipped: it takes minutes; run `make test-jobs`")
		return 0
	}
	dir, err := os.MkdirTemp("", "coder-satellite-jobs-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	binary := filepath.Join(dir, "plugin") // a copy, because a build may replace the original meanwhile
	data, err := os.ReadFile(filepath.Join("..", "..", "bin", "kubectl-coder_satellite"))
	if err == nil {
		err = os.WriteFile(binary, data, 0o700)
	}
	if err == nil {
		lab, err = inlab.Up("--build-time", "300ms", "--topology", "builtin", "--regions", strings.Join(slices.Concat(waves()...), ","), "--run", image+"="+binary)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := run()
	if err := lab.Down(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	return code
}

// fleet writes a Fleet of the lab's regions in waves into the lab's folder, and returns its path.
func fleet(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(lab.Path("fleet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := yaml.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	regions, _ := all["regions"].([]any)
	all["regions"] = slices.DeleteFunc(regions, func(region any) bool { return region.(map[string]any)["name"] == home })
	names := waves()
	all["rollout"] = map[string]any{"home": home, "waves": []any{
		map[string]any{"name": "first", "regions": names[0], "maxParallel": 1}, map[string]any{"name": "second", "regions": names[1], "maxParallel": "60%"},
		map[string]any{"name": "last", "maxParallel": 3},
	}}
	if data, err = yaml.Marshal(all); err != nil {
		t.Fatal(err)
	}
	path := lab.Path("waves.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func kubectl(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	got, err := lab.Kubectl(ctx, home, args...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}
