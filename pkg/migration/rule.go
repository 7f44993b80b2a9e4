package migration

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
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

func networkingUnknown(s *snapshot.Snapshot, provider snapshot.Fact[coder.Provider]) error {
	switch {
	case !s.Primary.Version.IsKnown():
		return fmt.Errorf("the primary's version is unknown: %w", s.Primary.Version.Err())
	case !provider.IsKnown():
		return fmt.Errorf("the provider is unknown: %w", provider.Err())
	}
	return fmt.Errorf("provider %q does not report whether it uses Networking v2, and the primary is older than v1.22", provider.Value().Name)
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
