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
	state := &v1alpha1.SatelliteState{Registered: registeredAfter(s), Release: releaseAfter(s), Answers: answersAfter(s)}
	if registering && state.Registered == v1alpha1.FindingNo {
		state.Registered = v1alpha1.FindingUnknown
	}
	return state
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

func registeredAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	if _, ok := s.Registration(); ok {
		return v1alpha1.FindingYes
	}
	if !s.Registrations.IsKnown() || !s.Satellite.IsKnown() {
		return v1alpha1.FindingUnknown
	}
	return v1alpha1.FindingNo
}

func releaseAfter(s *snapshot.Snapshot) string {
	state, known := s.Satellite.Get()
	switch {
	case !known:
		return string(v1alpha1.FindingUnknown)
	case state.LastRevision == 0:
		return "none"
	default:
		return state.LastStatus
	}
}

func answersAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	if s.Region.Satellite.None() && s.Primary.Version.IsKnown() {
		return v1alpha1.FindingYes
	}
	if !s.Endpoint.IsKnown() || !s.Satellite.IsKnown() || !s.Primary.Version.IsKnown() {
		return v1alpha1.FindingUnknown
	}
	if same, err := s.ServesOwnKey(); err != nil || !same || s.PathAnswers() != nil {
		return v1alpha1.FindingNo
	}
	return v1alpha1.FindingYes
}

func retainedAfter(s *snapshot.Snapshot) v1alpha1.Finding {
	state, known := s.Legacy.Get()
	switch {
	case !known:
		return v1alpha1.FindingUnknown
	case len(state.Found.Releases) == 0:
		return v1alpha1.FindingNone
	case state.Release == nil:
		return v1alpha1.FindingUnknown
	case state.Retention.Complete:
		return v1alpha1.FindingYes
	default:
		return v1alpha1.FindingNo
	}
}
