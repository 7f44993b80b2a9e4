package migration

import (
	"errors"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// Questions about a region that several steps, the rule and compensation ask.

// networkingUnknown says why it is not known whether the provider uses Networking v2.
func networkingUnknown(s *snapshot.Snapshot) string {
	switch {
	case !s.Primary.Version.IsKnown():
		return fmt.Sprintf("the primary's version is unknown: %v", s.Primary.Version.Err())
	case !s.Provider.IsKnown():
		return fmt.Sprintf("the provider is unknown: %v", s.Provider.Err())
	default:
		return fmt.Sprintf("provider %q does not say whether it uses Networking v2, and the primary is older than v1.22", s.Provider.Value().Name)
	}
}

// usesNetworkingV2 returns nil if the provider is known to use Networking v2.
func usesNetworkingV2(s *snapshot.Snapshot) error {
	switch s.Networking() {
	case v1alpha1.NetworkingV2On, v1alpha1.NetworkingV2AlwaysOn:
		return nil
	case v1alpha1.NetworkingV2Off:
		return fmt.Errorf("provider %q does not use Networking v2", s.Provider.Value().Name)
	default:
		return errors.New(networkingUnknown(s))
	}
}

// answersForPrimary returns nil when the primary's own version comes back
// through the satellite.
func answersForPrimary(s *snapshot.Snapshot) error {
	endpoint, known := s.Endpoint.Get()
	if !known {
		return s.Endpoint.Err()
	}
	through, known := endpoint.Version.Get()
	if !known {
		return endpoint.Version.Err()
	}
	direct, known := s.Primary.Version.Get()
	if !known {
		return s.Primary.Version.Err()
	}
	if through != direct {
		return fmt.Errorf("version %s answers through the satellite, but %s at the primary", through, direct)
	}
	return nil
}

// ownRegistration is the registration of the satellite's key or, when the key
// is gone with the release, the one that the journal names.
func ownRegistration(s *snapshot.Snapshot) (coder.Satellite, bool) {
	if own, ok := s.Registration(); ok {
		return own, true
	}
	record := s.Journal.Value()
	if record == nil || record.RegistrationID == "" {
		return coder.Satellite{}, false
	}
	for _, r := range s.Registrations.Value() {
		if r.ID == record.RegistrationID {
			return r, true
		}
	}
	return coder.Satellite{}, false
}

// inUse returns an error unless it is known that none of the region's users
// depends on the satellite.
func inUse(s *snapshot.Snapshot) error {
	switch s.Networking() {
	case v1alpha1.NetworkingV2Off:
		return nil
	case v1alpha1.NetworkingV2Unknown:
		return errors.New(networkingUnknown(s))
	case v1alpha1.NetworkingV2AlwaysOn:
		return fmt.Errorf("a primary of v%s always uses Networking v2, and no other satellite serves provider %q: without it the region's users would be cut off", s.Primary.Version.Value(), s.Provider.Value().Name)
	default:
		return fmt.Errorf("provider %q uses Networking v2, and no other satellite serves it: `%s` first", s.Provider.Value().Name, s.Region.Command("rollback"))
	}
}

// missingRetention returns what the retention of the legacy release lacks:
// nothing if it is retained, or if there is no release that a rollback would
// need. The error says why there is none to retain, or that it is unknown.
func missingRetention(s *snapshot.Snapshot) ([]string, error) {
	state, known := s.Legacy.Get()
	none := len(state.Found.Releases) == 0
	record := s.Journal.Value()
	retainedBefore := record != nil && record.Retention != nil
	switch {
	case !known:
		return nil, fmt.Errorf("the legacy release could not be examined: %w", s.Legacy.Err())
	case none && s.Networking() == v1alpha1.NetworkingV2On && (state.Found.Unusable || retainedBefore):
		return nil, errors.New(state.Found.Explain()) // it was there, and a rollback would need it
	case none && s.Networking() != v1alpha1.NetworkingV2Off:
		return nil, nil
	case state.Release == nil:
		return nil, errors.New(state.Found.Explain())
	}
	if state.Retention.Complete() && !s.InLedger() {
		return []string{"ledger in the journal"}, nil
	}
	return state.Retention.Missing, nil
}

// legacyServes reports whether users are known to be served by the legacy path
// once Networking v2 is off.
func legacyServes(s *snapshot.Snapshot) bool {
	state, known := s.Legacy.Get()
	if !known || state.Release == nil {
		return false
	}
	_, failure := state.Reach.Failed()
	return state.Readiness.Ready || state.AccessURL != "" && failure == nil
}
