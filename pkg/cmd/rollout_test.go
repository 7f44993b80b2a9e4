package cmd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// A rollout has a runner per region, each with a run's own name and the same options.
func TestRollout(t *testing.T) {
	run := &runFlags{options: migration.Options{NoRollback: true, Reason: "why"}}
	c := &connection{
		fleet:   &fleet.Fleet{Waves: [][]string{{"a"}, {"b"}}, MaxParallel: 3, MaxFailures: 1},
		sources: []*snapshot.Source{{Region: fleet.Region{Name: "a"}}, {Region: fleet.Region{Name: "b"}}},
	}
	env := Environment{Getenv: func(string) string { return "" }}
	rollout := run.rollout(c, env, migration.Migrate(), nil)
	if rollout.MaxParallel != 3 || rollout.MaxFailures != 1 || !cmp.Equal(rollout.Waves, c.fleet.Waves) || len(rollout.Runners) != 2 {
		t.Errorf("%+v", rollout)
	}
	for i, runner := range rollout.Runners {
		if runner.Source != c.sources[i] || runner.Operation.Name != "migrate" ||
			!runner.Options.NoRollback || runner.Options.Reason != "why" || len(runner.Options.RunID) != 8 {
			t.Errorf("runner %d: %+v", i, runner.Options)
		}
	}
	if again := run.rollout(c, env, migration.Migrate(), nil); again.Runners[0].Options.RunID == rollout.Runners[0].Options.RunID {
		t.Error("two runs have one name")
	}
}
