package cmd

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// silent is a cluster that nobody answers for.
func silent(t *testing.T) *cluster.Access {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := `{"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u"}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}]}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := cluster.LoadKubeconfig(file)
	if err != nil {
		t.Fatal(err)
	}
	access, err := kubeconfig.Open("x", cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return access
}

// closedRegion is a region whose clusters cannot be asked.
func closedRegion(t *testing.T, name string) snapshot.RegionConfig {
	access := silent(t)
	return snapshot.RegionConfig{
		Region:    fleet.Region{Name: name, Satellite: fleet.Satellite{Context: name}, Providers: []fleet.Provider{{Context: name}}},
		Satellite: access, Providers: []*cluster.Access{access},
	}
}

// A rollout gets the fleet's regions and rules, and each run gets its own name.
func TestRollout(t *testing.T) {
	options := migration.Options{NoRollback: true, Reason: "why"}
	primary, err := coder.New(coder.Config{URL: "https://coder.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	survey, err := snapshot.NewSurvey(snapshot.Config{Primary: primary, Clock: clock.RealClock{}, Regions: []snapshot.RegionConfig{
		closedRegion(t, "a"), closedRegion(t, "b"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	waves := []fleet.Wave{{Name: "1", Regions: []string{"a"}, MaxParallel: 3, Soak: time.Hour, Approval: true}, {Name: "2", Regions: []string{"b"}}}
	c := &connection{fleet: &fleet.Fleet{Waves: waves, MaxFailures: 1}, survey: survey}
	all := &targets{env: Environment{Clock: clock.RealClock{}}}
	rollout, err := all.rollout(c, migration.Migrate(false, migration.Refuse), options, nil)
	if err != nil || rollout.MaxFailures != 1 || !cmp.Equal(rollout.Waves, waves) || len(rollout.Survey.Regions()) != 2 {
		t.Errorf("%+v, %v", rollout, err)
	}
	if rollout.Survey != survey || rollout.Operation.Name != "migrate" ||
		!rollout.Options.NoRollback || rollout.Options.Reason != "why" || len(rollout.Options.RunID) != 8 {
		t.Errorf("%+v", rollout.Options)
	}
	if again, err := all.rollout(c, migration.Migrate(false, migration.Refuse), options, nil); err != nil || again.Options.RunID == rollout.Options.RunID {
		t.Errorf("two runs have one name: %v", err)
	}
	c.fleet.Waves[0].Gates = []fleet.Gate{{Check: "satellite-redy"}}
	_, err = all.rollout(c, migration.Migrate(false, migration.Refuse), options, nil)
	if code, text := ExitCode(err); code != exitUsage || !strings.Contains(text, `a gate of wave "1" names the check "satellite-redy", which status does not have; did you mean "satellite-ready"?`) {
		t.Errorf("%d, %s", code, text)
	}
}
