package migration

import (
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// ruleItems are the items that mayUseNetworkingV2 looks at.
func ruleItems() []snapshot.Item {
	return []snapshot.Item{
		snapshot.ItemProvider, snapshot.ItemRegistrations, snapshot.ItemSatellite,
		snapshot.ItemEndpoint, snapshot.ItemLegacy, snapshot.ItemJournal,
	}
}

// mayUseNetworkingV2 is the rule that holds at every instant: Networking v2 is
// on only if the satellite is registered with the right key, answers, and the
// legacy release is retained. It returns nil, or everything that is against it.
func mayUseNetworkingV2(s *snapshot.Snapshot) error {
	var against []error
	if _, ok := s.Registration(); !ok {
		against = append(against, errors.New("the satellite is not registered with the key of its cluster"))
	}
	if same, err := s.ServesOwnKey(); err != nil {
		against = append(against, fmt.Errorf("the access URL does not serve a key: %w", err))
	} else if !same {
		against = append(against, errors.New("the access URL serves another key than the satellite's own"))
	}
	if err := answersForPrimary(s); err != nil {
		against = append(against, fmt.Errorf("the primary's API does not answer through the satellite: %w", err))
	}
	if d := (retainLegacy{}).Decide(s); d.Action != v1alpha1.ActionNone {
		against = append(against, fmt.Errorf("the legacy release is not retained: %s", d.Reason))
	}
	return errors.Join(against...)
}
