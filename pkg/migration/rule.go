package migration

import (
	"errors"
	"fmt"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func ruleItems() []snapshot.Item {
	return []snapshot.Item{
		snapshot.ItemProvider, snapshot.ItemRegistrations, snapshot.ItemSatellite,
		snapshot.ItemEndpoint, snapshot.ItemLegacy, snapshot.ItemJournal,
	}
}

// judgement is about one half of the rule, which holds if both errors are nil.
type judgement struct {
	broken, unknown error // what is known to be against it, and what could not be determined
}

// note adds an error to broken if it is known, or else to unknown.
func (j *judgement) note(known bool, err error) {
	if known {
		j.broken = errors.Join(j.broken, err)
	} else {
		j.unknown = errors.Join(j.unknown, err)
	}
}

func (j judgement) holds() bool { return j.broken == nil && j.unknown == nil }
func (j judgement) err() error  { return errors.Join(j.broken, j.unknown) }

// mayUseNetworkingV2 is the rule that holds at every instant: Networking v2 is only on if what users then connect to answers
// and the legacy release, if there is one, is retained. It returns nil, or everything against it.
func mayUseNetworkingV2(s *snapshot.Snapshot) error {
	return errors.Join(newPath(s).err(), wayBack(s).err())
}

// newPath judges the path of Networking v2: the satellite must be registered with its own key and answer at its access URL.
// In a region without a satellite, the primary must answer.
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
		j.note(true, errors.New("the access URL serves a different key than the satellite's own"))
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
		j.note(s.Legacy.IsKnown() && s.Legacy.Value().Retention.Control.Err == nil, fmt.Errorf("the legacy release is not retained: %w", err))
	}
	return j
}
