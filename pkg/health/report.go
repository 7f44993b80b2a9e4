package health

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// NewRegionStatus evaluates the checks of status on the snapshot.
func NewRegionStatus(s *snapshot.Snapshot) v1alpha1.RegionStatus {
	status := v1alpha1.RegionStatus{
		Name:             s.Region.Name,
		Context:          s.Region.Context,
		Provider:         v1alpha1.Provider{ID: s.Provider.Value().ID, Name: s.Provider.Value().Name},
		AccessURL:        s.Region.AccessURL,
		Phase:            phase(s),
		NetworkingV2:     s.Networking(),
		SatelliteVersion: s.Satellite.Value().AppVersion,
		Run:              lastRun(s),
		Checks:           Evaluate(Status(), s),
		Outcome:          v1alpha1.OutcomeSucceeded,
	}
	if slices.ContainsFunc(status.Checks, v1alpha1.CheckResult.Failed) {
		status.Outcome = v1alpha1.OutcomeFailed
	}
	return status
}

// phase says where the region stands, from facts alone.
func phase(s *snapshot.Snapshot) v1alpha1.Phase {
	state, known := s.Satellite.Get()
	networking := s.Networking()
	if !known || networking == v1alpha1.NetworkingV2Unknown || !s.Legacy.IsKnown() || !s.Registrations.IsKnown() {
		return v1alpha1.PhaseUnknown
	}
	_, registered := s.Registration()
	switch {
	case !state.Installed && !registered && networking == v1alpha1.NetworkingV2Off:
		return v1alpha1.PhaseLegacy
	case !state.Installed || !registered || networking == v1alpha1.NetworkingV2Off:
		return v1alpha1.PhasePartial
	case len(s.Legacy.Value().Found.Releases) == 0:
		return v1alpha1.PhaseFinalized
	default:
		return v1alpha1.PhaseMigrated
	}
}

// lastRun describes the last or present run, from the journal and the lock.
func lastRun(s *snapshot.Snapshot) *v1alpha1.Run {
	record := s.Journal.Value()
	held := s.Lock.Value()
	if record == nil && (held == nil || held.Holder == "") {
		return nil
	}
	run := &v1alpha1.Run{}
	if record != nil {
		run.Operation, run.Operator, run.Step = record.Operation, record.Operator, record.Step
		run.State, run.Outcome = record.State, record.Outcome
		run.Started, run.Updated = metav1.NewTime(record.Started), metav1.NewTime(record.Updated)
	}
	if held != nil && held.Holder != "" {
		since := metav1.NewTime(held.Acquired)
		run.Holder, run.HeldSince = held.Holder, &since
	}
	return run
}
