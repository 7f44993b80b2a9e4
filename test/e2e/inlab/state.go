package inlab

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// State is a report's content about the present state of a provider and of the satellite that
// serves it. The fields about the satellite are empty in a region without one.
type State struct {
	NetworkingV2     v1alpha1.NetworkingV2
	Registered       v1alpha1.Finding
	SatelliteRelease string
	SatelliteAnswers v1alpha1.Finding
	LegacyRetained   v1alpha1.Finding
}

// StateOf returns the state in the report of a region with one provider; nil if the report lacks
// the satellite or the provider.
func StateOf(report v1alpha1.RegionReport) *State {
	if report.Satellite == nil || report.Satellite.After == nil || len(report.Providers) != 1 {
		return nil
	}
	return StateOfProvider(report, report.Providers[0].Name)
}

// StateOfProvider returns the state in the report of the provider with that name; nil if there is
// none.
func StateOfProvider(report v1alpha1.RegionReport, name string) *State {
	for _, provider := range report.Providers {
		if provider.Name != name || provider.After == nil {
			continue
		}
		state := &State{NetworkingV2: provider.After.NetworkingV2, LegacyRetained: provider.After.LegacyRetained}
		if satellite := report.Satellite; satellite != nil && satellite.After != nil {
			state.Registered, state.SatelliteRelease, state.SatelliteAnswers = satellite.After.Registered, satellite.After.Release, satellite.After.Answers
		}
		return state
	}
	return nil
}

// Names of the plugin's objects in a satellite's namespace.
const (
	SatelliteJournal = "coder-satellite-journal"
	SatelliteLock    = "coder-satellite-lock"
)

// ProviderJournal is the name of the journal of the provider with that ID, in the provider's
// namespace.
func ProviderJournal(id string) string { return cluster.NameFor(SatelliteJournal, id) }

// ProviderLock is the name of the provider's Lease.
func ProviderLock(id string) string { return cluster.NameFor(SatelliteLock, id) }
