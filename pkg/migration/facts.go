package migration

import (
	"errors"
	"fmt"
	"slices"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

func networkingUnknown(s *snapshot.Snapshot, provider snapshot.Fact[coder.Provider]) error {
	switch {
	case !s.Primary.Version.IsKnown():
		return fmt.Errorf("the primary's version is unknown: %w", s.Primary.Version.Err())
	case !provider.IsKnown():
		return fmt.Errorf("the provider is unknown: %w", provider.Err())
	}
	name := provider.Value().Name
	return fmt.Errorf("provider %q does not report whether it uses Networking v2, and the primary is older than v1.22", name)
}

// usesNetworkingV2 returns nil if the provider certainly uses Networking v2.
func usesNetworkingV2(s *snapshot.Snapshot) error {
	switch s.Networking() {
	case v1alpha1.NetworkingV2On, v1alpha1.NetworkingV2AlwaysOn:
		return nil
	case v1alpha1.NetworkingV2Off:
		return fmt.Errorf("provider %q does not use Networking v2", s.Provider.Value().Name)
	default:
		return networkingUnknown(s, s.Provider)
	}
}

// ownRegistration returns the registration of the satellite's key or, if the key is gone, the one that the journal names.
func ownRegistration(s *snapshot.Snapshot) (coder.Satellite, bool) {
	if own, ok := s.Registration(); ok {
		return own, true
	}
	record := s.SatelliteJournal.Value()
	return registered(s, func(r coder.Satellite) bool {
		return record != nil && record.RegistrationID != "" && record.RegistrationID == r.ID
	})
}

// registered returns the first registration at the primary that fits.
func registered(s *snapshot.Snapshot, fits func(coder.Satellite) bool) (coder.Satellite, bool) {
	list := s.Registrations.Value()
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i], true
	}
	return coder.Satellite{}, false
}

// inUse returns nil if certainly no user depends on the satellite through any provider that it serves.
func inUse(s *snapshot.Snapshot) error {
	if !s.Users.Collected() {
		return uses(s, s.Provider)
	}
	all, known := s.Users.Get()
	if !known {
		return fmt.Errorf("the providers that the satellite serves are unknown: %w", s.Users.Err())
	}
	for _, provider := range all {
		if err := uses(s, snapshot.Known(provider)); err != nil {
			return err
		}
	}
	return nil
}

// uses returns nil if the provider certainly does not use Networking v2.
func uses(s *snapshot.Snapshot, user snapshot.Fact[coder.Provider]) error {
	switch s.NetworkingOf(user) {
	case v1alpha1.NetworkingV2Off:
		return nil
	case v1alpha1.NetworkingV2Unknown:
		return networkingUnknown(s, user)
	case v1alpha1.NetworkingV2AlwaysOn:
		return fmt.Errorf("a primary of v%s always uses Networking v2, and no other satellite serves provider %q: "+
			"without it the region's users would be cut off", s.Primary.Version.Value(), user.Value().Name)
	default:
		back := rollbackOf(s, user.Value())
		return fmt.Errorf("provider %q uses Networking v2, and no other satellite serves it: `%s` first", user.Value().Name, back)
	}
}

// rollbackOf returns the command that rolls back a provider that the satellite of s serves, also if only another Fleet file
// declares it.
func rollbackOf(s *snapshot.Snapshot, user coder.Provider) string {
	region := s.Region
	declared := slices.Concat(region.Providers, region.Others)
	for _, provider := range declared {
		if provider.Name == user.Name || provider.Name == user.ID || len(declared) == 1 && user.ID == s.ProviderID() {
			return region.CommandFor("rollback", provider)
		}
	}
	return "kubectl coder-satellite rollback --provider " + user.Name
}

// missingRetention returns what the legacy release's retention lacks: nothing if it is retained or if a rollback would not
// need it. The error says why there is no release to retain, or why that is unknown.
func missingRetention(s *snapshot.Snapshot) ([]string, error) {
	state, known := s.Legacy.Get()
	none := len(state.Found.Releases) == 0
	record := s.ProviderJournal.Value()
	retainedBefore := record != nil && record.Retention != nil
	switch {
	case s.Region.Satellite.None():
		return nil, nil
	case !known:
		return nil, fmt.Errorf("the legacy release could not be examined: %w", s.Legacy.Err())
	case none && s.Networking() == v1alpha1.NetworkingV2On && (state.Found.Unusable || retainedBefore):
		return nil, errors.New(state.Found.Explain()) // it was there, and a rollback would need it
	case none && s.Networking() != v1alpha1.NetworkingV2Off:
		return nil, nil
	case state.Release == nil:
		return nil, errors.New(state.Found.Explain())
	}
	if state.Retention.Complete && !s.InLedger() {
		return []string{"ledger in the journal"}, nil
	}
	return state.Retention.Missing, nil
}

// legacyServes reports whether the legacy path certainly serves users once Networking v2 is off.
func legacyServes(s *snapshot.Snapshot) bool {
	state, known := s.Legacy.Get()
	if !known || state.Release == nil {
		return false
	}
	return state.Readiness.Ready || state.AccessURL != "" && state.Reach.Err == nil
}
