package crash

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// scenario is a verb that is disturbed.
type scenario struct {
	verb string
	// primary is the version of the lab's primary, and sample how many calls are
	// crashed when not all are.
	primary string
	sample  int
	// prepare brings the region to where the verb begins.
	prepare func(*inlab.Lab, *region) error
	// rule must hold at every instant, complete when the verb is done.
	rule, complete func(*inlab.Lab, *region) error
	// reset brings the region back to its beginning.
	reset func(*inlab.Lab, *region) error
}

func migrateScenario() scenario {
	return scenario{
		verb:     "migrate",
		primary:  "1.21.7",
		sample:   9,
		prepare:  func(*inlab.Lab, *region) error { return nil },
		rule:     func(lab *inlab.Lab, r *region) error { return r.rule(lab) },
		complete: func(lab *inlab.Lab, r *region) error { return r.complete(lab) },
		reset:    func(lab *inlab.Lab, r *region) error { return r.reset(lab) },
	}
}

func rollbackScenario() scenario {
	s := migrateScenario()
	s.verb, s.sample = "rollback", 4
	s.prepare = migrated
	s.complete = func(lab *inlab.Lab, r *region) error {
		provider, err := lab.Provider(r.name)
		if err != nil {
			return err
		}
		if provider.EnableNetV2 == nil || *provider.EnableNetV2 {
			return errors.New("Networking v2 is still on")
		}
		workspace, err := lab.Workspace("canary-" + r.name)
		if err != nil {
			return err
		}
		if workspace.LatestStat.ContainerStatus != "ON" {
			return fmt.Errorf("the canary is %s", workspace.LatestStat.ContainerStatus)
		}
		response, err := r.client.Get(lab.Region(r.name).EnvproxyURL)
		if err != nil {
			return fmt.Errorf("envproxy does not answer: %w", err)
		}
		_ = response.Body.Close()
		return errors.Join(r.retained(), r.unlocked())
	}
	return s
}

// finalizeScenario needs a primary of v1.22.
func finalizeScenario() scenario {
	gone := func(r *region) error {
		_, err := r.direct.Clientset().AppsV1().Deployments(legacyNamespace).Get(context.Background(), "envproxy", metav1.GetOptions{})
		if !apierrors.IsNotFound(err) {
			return fmt.Errorf("envproxy is still there (%w)", err)
		}
		return nil
	}
	return scenario{
		verb:    "finalize",
		primary: "1.22.3",
		sample:  3,
		prepare: migrated,
		rule: func(lab *inlab.Lab, r *region) error {
			return errors.Join(r.served(lab), r.provisions())
		},
		complete: func(lab *inlab.Lab, r *region) error {
			return errors.Join(r.served(lab), r.provisions(), gone(r), r.unlocked())
		},
		reset: func(lab *inlab.Lab, r *region) error { return r.reinstall(lab) },
	}
}

func migrated(lab *inlab.Lab, r *region) error {
	if done := r.run(lab, disturbance{}, "migrate"); done.code != 0 {
		return fmt.Errorf("migrate: exit code %d\n%s\n--- the proxies\n%s", done.code, lastLines(done.output), r.meddler.complaints())
	}
	return nil
}
