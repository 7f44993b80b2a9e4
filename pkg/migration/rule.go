package migration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// ruleItems are the items that the rule looks at.
func ruleItems() []snapshot.Item {
	return []snapshot.Item{
		snapshot.ItemProvider, snapshot.ItemRegistrations, snapshot.ItemSatellite,
		snapshot.ItemEndpoint, snapshot.ItemLegacy, snapshot.ItemJournal,
	}
}

// judgement is what the facts say of one half of the rule. The half holds if
// both errors are nil: what could not be determined does not hold.
type judgement struct {
	// broken says what is known to be against it, unknown what could not be determined.
	broken, unknown error
}

// note adds an error to what is known to be against the half, or to what is unknown.
func (j *judgement) note(known bool, err error) {
	if known {
		j.broken = errors.Join(j.broken, err)
	} else {
		j.unknown = errors.Join(j.unknown, err)
	}
}

func (j judgement) holds() bool { return j.broken == nil && j.unknown == nil }
func (j judgement) err() error  { return errors.Join(j.broken, j.unknown) }

// mayUseNetworkingV2 is the rule that holds at every instant: Networking v2 is
// on only if what users connect to with it answers, and the legacy release, where
// there is one, is retained. It returns nil, or everything that is against it.
func mayUseNetworkingV2(s *snapshot.Snapshot) error {
	return errors.Join(newPath(s).err(), wayBack(s).err())
}

// newPath judges the path that users take with Networking v2: the satellite,
// registered with its own key, which answers at its access URL; or the primary, in
// a region without a satellite.
func newPath(s *snapshot.Snapshot) (j judgement) {
	answers, endpointKnown := s.PathAnswers(), s.Endpoint.IsKnown()
	if s.Region.Satellite.None() {
		if answers != nil {
			j.note(false, fmt.Errorf("the primary, which users connect to, does not answer: %w", answers))
		}
		return j
	}
	if _, ok := s.Registration(); !ok {
		j.note(s.Satellite.IsKnown() && s.Registrations.IsKnown(), errors.New("the satellite is not registered with the key of its cluster"))
	}
	if same, err := s.ServesOwnKey(); err != nil {
		j.note(endpointKnown && s.Endpoint.Value().KeyErr != nil, fmt.Errorf("the access URL does not serve a key: %w", err))
	} else if !same {
		j.note(true, errors.New("the access URL serves another key than the satellite's own"))
	}
	if answers != nil {
		j.note(endpointKnown && s.Primary.Version.IsKnown(), fmt.Errorf("the primary's API does not answer through the satellite: %w", answers))
	}
	return j
}

// wayBack judges the retention of the legacy release.
func wayBack(s *snapshot.Snapshot) (j judgement) {
	missing, err := missingRetention(s)
	if len(missing) > 0 {
		err = fmt.Errorf("missing %s", strings.Join(missing, ", "))
	}
	if err != nil {
		j.note(s.Legacy.IsKnown(), fmt.Errorf("the legacy release is not retained: %w", err))
	}
	return j
}
