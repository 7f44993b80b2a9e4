package migration

import (
	"cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// stateAfter says how the run left the region. A registration that was asked for
// without an answer may still be made: that it is not listed yet means nothing.
func (run *Run) stateAfter() *v1alpha1.RegionState {
	state := stateOf(run.Now)
	if run.registering && state.Registered == v1alpha1.FindingNo {
		state.Registered = v1alpha1.FindingUnknown
	}
	return state
}

// stateOf says, from the facts read last, how a region is.
func stateOf(s *snapshot.Snapshot) *v1alpha1.RegionState {
	return &v1alpha1.RegionState{
		NetworkingV2:     cmp.Or(s.Networking(), v1alpha1.NetworkingV2Unknown),
		Registered:       registeredAfter(s),
		SatelliteRelease: releaseAfter(s),
		SatelliteAnswers: answersAfter(s),
		LegacyRetained:   retainedAfter(s),
	}
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
	if !s.Endpoint.IsKnown() || !s.Satellite.IsKnown() || !s.Primary.Version.IsKnown() {
		return v1alpha1.FindingUnknown
	}
	if same, err := s.ServesOwnKey(); err != nil || !same || answersForPrimary(s) != nil {
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
	case state.Retention.Complete():
		return v1alpha1.FindingYes
	default:
		return v1alpha1.FindingNo
	}
}
