package cmd

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/clock"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/migration"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// closedRegion is a region whose clusters cannot be asked.
func closedRegion(name string, why error) snapshot.RegionConfig {
	return snapshot.RegionConfig{
		Region:    fleet.Region{Name: name, Satellite: fleet.Satellite{Context: name}, Providers: []fleet.Provider{{Context: name}}},
		Satellite: snapshot.Site{Err: why}, Providers: []snapshot.Site{{Err: why}},
	}
}

// A rollout has the fleet's regions and rules, and a run's own name.
func TestRollout(t *testing.T) {
	options := migration.Options{NoRollback: true, Reason: "why"}
	primary, err := coder.New(coder.Config{URL: "https://coder.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	closed := errors.New("there is no cluster")
	survey, err := snapshot.NewSurvey(snapshot.Config{Primary: primary, Clock: clock.RealClock{}, Regions: []snapshot.RegionConfig{
		closedRegion("a", closed), closedRegion("b", closed),
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := &connection{fleet: &fleet.Fleet{Waves: [][]string{{"a"}, {"b"}}, MaxParallel: 3, MaxFailures: 1}, survey: survey}
	all := &targets{env: Environment{Clock: clock.RealClock{}}}
	rollout := all.rollout(c, migration.Migrate(false, migration.Refuse), options, nil)
	if rollout.MaxParallel != 3 || rollout.MaxFailures != 1 || !cmp.Equal(rollout.Waves, c.fleet.Waves) || len(rollout.Survey.Regions()) != 2 {
		t.Errorf("%+v", rollout)
	}
	if rollout.Survey != survey || rollout.Operation.Name != "migrate" ||
		!rollout.Options.NoRollback || rollout.Options.Reason != "why" || len(rollout.Options.RunID) != 8 {
		t.Errorf("%+v", rollout.Options)
	}
	if again := all.rollout(c, migration.Migrate(false, migration.Refuse), options, nil); again.Options.RunID == rollout.Options.RunID {
		t.Error("two runs have one name")
	}
}
