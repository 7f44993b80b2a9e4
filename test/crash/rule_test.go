package crash

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/test/meddle"
)

// look reads the region's facts, and returns the errors of the checks.
func (r *region) look(checks ...func(meddle.Facts) error) error {
	facts, err := r.view.Look(context.Background())
	if err != nil {
		return err
	}
	var errs []error
	for _, check := range checks {
		errs = append(errs, check(facts))
	}
	return errors.Join(errs...)
}

// switched checks that Networking v2 has this state.
func switched(wanted string) func(meddle.Facts) error {
	return func(f meddle.Facts) error {
		if f.Switch != wanted {
			return errors.New("Networking v2 is " + f.Switch)
		}
		return nil
	}
}

// unlocked checks that the lock is free.
func unlocked(f meddle.Facts) error {
	if f.Holder != "" {
		return errors.New("the lock is held by " + f.Holder)
	}
	return nil
}

// envproxyAnswers checks that the legacy path works.
func envproxyAnswers(f meddle.Facts) error {
	if f.EnvproxySilent != "" {
		return errors.New("envproxy does not answer: " + f.EnvproxySilent)
	}
	return nil
}

// withoutEnvproxy checks that the legacy release is gone.
func withoutEnvproxy(f meddle.Facts) error {
	if _, there := f.Objects["deployment/envproxy"]; there {
		return errors.New("envproxy is still there")
	}
	return nil
}
