package crash

import (
	"context"
	"errors"
	"fmt"

	"helm.sh/helm/v3/pkg/release"
	"helm.sh/helm/v3/pkg/storage"
	"helm.sh/helm/v3/pkg/storage/driver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// retainScenario runs retain on a migrated region after an upgrade of the legacy release has
// undone a part of its retention.
func retainScenario() scenario {
	s := migrateScenario()
	s.name, s.verb, s.sample = "retain, of a partial retention", "retain", 3
	s.prepare = func(lab *inlab.Lab, r *region) error {
		return errors.Join(migrated(lab, r), r.unkeep())
	}
	return s
}

// partialScenario migrates a region that others have changed: the journal is lost, the retention
// is partial, and the record of the satellite that serves users has failed.
func partialScenario() scenario {
	s := migrateScenario()
	s.name, s.sample = "migrate, from a partial state", 3
	s.prepare = func(lab *inlab.Lab, r *region) error {
		return errors.Join(migrated(lab, r), r.unkeep(), r.loseJournal(), r.failRecord())
	}
	s.complete = func(_ *inlab.Lab, r *region) error {
		return r.look(switched(meddle.On), meddle.Facts.Rule, latestDeployed, unlocked)
	}
	return s
}

// latestDeployed checks only the newest record: Helm leaves older ones failed if an upgrade from
// a failed one also fails.
func latestDeployed(f meddle.Facts) error {
	if n := len(f.Records); n == 0 || f.Records[n-1].Status != "deployed" {
		return fmt.Errorf("the satellite's records are %v", f.Records)
	}
	return nil
}

// loseJournal deletes both journals.
func (r *region) loseJournal() error {
	id, err := r.view.ID()
	core := r.view.Direct.Clientset().CoreV1()
	return errors.Join(err,
		core.ConfigMaps(satelliteNamespace).Delete(context.Background(), inlab.SatelliteJournal, metav1.DeleteOptions{}),
		core.ConfigMaps(legacyNamespace).Delete(context.Background(), inlab.ProviderJournal(id), metav1.DeleteOptions{}),
	)
}

// failRecord changes the satellite's record as a `helm install --wait` that timed out leaves it.
func (r *region) failRecord() error {
	records := storage.Init(driver.NewSecrets(r.view.Direct.Clientset().CoreV1().Secrets(satelliteNamespace)))
	last, err := records.Last("coder-satellite")
	if err != nil {
		return fmt.Errorf("the satellite's record: %w", err)
	}
	last.SetStatus(release.StatusFailed, "timed out waiting for the condition")
	return records.Update(last)
}
