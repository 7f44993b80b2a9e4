package crash

import (
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// scenario is a verb whose runs are disturbed.
type scenario struct {
	// name is the verb, and the initial state unless that is a clean region.
	name, verb string
	// primary is the version of the lab's primary, and sample the number of calls to crash unless
	// all are.
	primary string
	sample  int
	// prepare brings the region into the state in which the verb starts.
	prepare func(*inlab.Lab, *region) error
	// rule must always hold, and complete must hold when the verb is done.
	rule, complete func(*inlab.Lab, *region) error
	// reset restores the region's original state.
	reset func(*inlab.Lab, *region) error
}

func migrateScenario() scenario {
	return scenario{
		name:     "migrate",
		verb:     "migrate",
		primary:  "1.21.7",
		sample:   9,
		prepare:  func(*inlab.Lab, *region) error { return nil },
		rule:     func(_ *inlab.Lab, r *region) error { return r.look(meddle.Facts.Rule) },
		complete: func(_ *inlab.Lab, r *region) error { return r.look(meddle.Facts.Complete) },
		reset:    func(lab *inlab.Lab, r *region) error { return r.reset(lab) },
	}
}

func rollbackScenario() scenario {
	s := migrateScenario()
	s.name, s.verb, s.sample = "rollback", "rollback", 4
	s.prepare = migrated
	s.complete = func(lab *inlab.Lab, r *region) error {
		workspace, err := lab.Workspace("canary-" + r.Name)
		if err != nil {
			return err
		}
		if workspace.LatestStat.ContainerStatus != "ON" {
			return fmt.Errorf("the canary is %s", workspace.LatestStat.ContainerStatus)
		}
		return r.look(switched(meddle.Off), envproxyAnswers, meddle.Facts.Retained, unlocked)
	}
	return s
}

// finalizeScenario needs a primary of v1.22.
func finalizeScenario() scenario {
	return scenario{
		name:    "finalize",
		verb:    "finalize --force --reason crash", // without a journal of a switch, nobody knows when workspaces moved
		primary: "1.22.3",
		sample:  3,
		prepare: migrated,
		rule: func(_ *inlab.Lab, r *region) error {
			return r.look(meddle.Facts.Served, meddle.Facts.Provisions)
		},
		complete: func(_ *inlab.Lab, r *region) error {
			return r.look(meddle.Facts.Served, meddle.Facts.Provisions, withoutEnvproxy, unlocked)
		},
		reset: func(lab *inlab.Lab, r *region) error { return r.reinstall(lab) },
	}
}

func migrated(lab *inlab.Lab, r *region) error {
	if done := r.run(lab, meddle.Disturbance{}, "migrate"); done.code != 0 {
		return fmt.Errorf("migrate: exit code %d\n%s\n--- the proxies\n%s", done.code, lastLines(done.output), r.Meddler.Complaints())
	}
	return nil
}
