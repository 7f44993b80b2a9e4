package migration

import (
	"cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// satelliteAfter describes how the run left the satellite. If the primary never answered a registration, it may still make
// it, so an unlisted one is unknown.
func satelliteAfter(s *snapshot.Snapshot, registering bool) *v1alpha1.SatelliteState {
	_, registered := s.Registration()
	state, known := s.Satellite.Get()
	release := state.LastStatus
	switch {
	case !known:
		release = string(v1alpha1.FindingUnknown)
	case !state.Exists():
		release = "none"
	}
	return &v1alpha1.SatelliteState{
		Registered: finding(registered, s.Registrations.IsKnown() && known && !registering),
		Release:    release,
		Answers:    answersAfter(s),
	}
}

// finding returns Yes, No or, if nothing is known, Unknown.
func finding(yes, known bool) v1alpha1.Finding {
	switch {
	case yes:
		return v1alpha1.FindingYes
	case known:
		return v1alpha1.FindingNo
	default:
		return v1alpha1.FindingUnknown
	}
}

// providerAfter describes a provider from the facts that were read last.
func providerAfter(s *snapshot.Snapshot) *v1alpha1.ProviderState {
	state := &v1alpha1.ProviderState{
		NetworkingV2:   cmp.Or(s.Networking(), v1alpha1.NetworkingV2Unknown),
		PathAnswers:    answersAfter(s),
		LegacyRetained: retainedAfter(s),
		Distance:       s.Distance(),
	}
	if adoption, err := workspaces.AdoptionOf(s); err == nil {
		state.Adoption = &adoption
	}
	return state
}

func answersAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	same, _ := s.ServesOwnKey()
	answers := (same || s.Region.Satellite.None()) && s.PathAnswers() == nil
	return finding(answers, s.Endpoint.IsKnown() && s.Satellite.IsKnown() && s.Primary.Version.IsKnown())
}

func retainedAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	state, known := s.Legacy.Get()
	if known && len(state.Found.Releases) == 0 {
		return v1alpha1.FindingNone
	}
	return finding(state.Release != nil && state.Retention.Complete, state.Release != nil && state.Retention.Control.Err == nil)
}
