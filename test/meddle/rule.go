package meddle

import (
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/test/e2e/inlab"
)

// Rule must hold at every instant: Networking v2 is on only if the satellite is registered with
// the right key and answers, and the legacy release is retained. Without a satellite, the primary
// must answer. The built-in provider has no legacy release. The error lists every violation.
func (f Facts) Rule() error {
	if f.Switch != On {
		return nil
	}
	if err := errors.Join(f.Served(), f.Retained()); err != nil {
		return fmt.Errorf("Networking v2 is on: %w", err)
	}
	return nil
}

// Served checks that the satellite is registered with the right key and answers.
func (f Facts) Served() error {
	var against []error
	if f.HasSatellite && !f.Registered {
		against = append(against, fmt.Errorf("the key %q is not registered: %v", f.Key, f.Registrations))
	}
	if f.Silent != "" {
		against = append(against, fmt.Errorf("it does not answer: %s", f.Silent))
	}
	return errors.Join(against...)
}

// Retained checks everything that `helm uninstall` obeys, that there is a backup, and that Flux does not undo it.
func (f Facts) Retained() error {
	deployed := f.Deployed()
	switch {
	case f.BuiltIn:
		return nil
	case deployed == nil:
		return fmt.Errorf("the legacy release has no deployed record: %v", f.Legacy)
	case !deployed.Labelled:
		return errors.New("the legacy release's record has no label")
	case !deployed.Kept:
		return errors.New("an object of the legacy release's stored manifest has no policy")
	case len(f.Backups) == 0:
		return errors.New("the legacy release has no backup")
	case f.Flux == Reconciles:
		return errors.New("Flux reconciles the legacy release")
	}
	return nil
}

// Deployed returns the legacy release's record of a deployed revision; nil if there is none.
func (f Facts) Deployed() *Record {
	for i := range f.Legacy {
		if f.Legacy[i].Status == "deployed" {
			return &f.Legacy[i]
		}
	}
	return nil
}

// LiveKept checks that the live objects of the legacy release are annotated, too.
func (f Facts) LiveKept() error {
	for name, kept := range f.Objects {
		if !kept {
			return fmt.Errorf("%s has no keep policy", name)
		}
	}
	return nil
}

// Provisions checks that Coder can still provision workspaces. The objects that it needs must
// always exist, even while the legacy release is being removed.
func (f Facts) Provisions() error {
	if f.BuiltIn {
		return nil
	}
	for _, name := range inlab.LegacyObjects() {
		switch name {
		case "serviceaccount/coder", "role/coder", "rolebinding/coder":
			if _, ok := f.Objects[name]; !ok {
				return fmt.Errorf("%s is gone", name)
			}
		}
	}
	return nil
}

// Complete checks that a migration is complete, without duplicates and leftovers.
func (f Facts) Complete() error {
	if f.Switch == Off {
		return errors.New("Networking v2 is off")
	}
	if !f.HasSatellite {
		return f.Served()
	}
	deployed := 0
	for _, record := range f.Records {
		switch record.Status {
		case "deployed":
			deployed++
		case "superseded":
		default:
			return fmt.Errorf("release record %d is %s", record.Revision, record.Status)
		}
	}
	switch {
	case deployed != 1:
		return fmt.Errorf("%d releases are deployed", deployed)
	case len(f.Registrations) != 1:
		return fmt.Errorf("%d registrations: %v", len(f.Registrations), f.Registrations)
	case f.Holder != "":
		return fmt.Errorf("the lock is held by %s", f.Holder)
	}
	return errors.Join(f.Rule(), f.Served())
}
