package inlab

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// State is what a report says of a provider and of the satellite that serves it,
// as they are now; what is said of the satellite is empty in a region without one.
type State struct {
	NetworkingV2     v1alpha1.NetworkingV2
	Registered       v1alpha1.Finding
	SatelliteRelease string
	SatelliteAnswers v1alpha1.Finding
	LegacyRetained   v1alpha1.Finding
}

// StateOf returns what the report of a region with one provider says; nil if it
// says nothing of the satellite or of the provider.
func StateOf(report v1alpha1.RegionReport) *State {
	if report.Satellite == nil || report.Satellite.After == nil || len(report.Providers) != 1 {
		return nil
	}
	return StateOfProvider(report, report.Providers[0].Name)
}

// StateOfProvider returns what the report says of the provider of that name; nil
// if it says nothing.
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

// Names of what the plugin keeps beside a satellite.
const (
	SatelliteJournal = "coder-satellite-journal"
	SatelliteLock    = "coder-satellite-lock"
)

// ProviderJournal and ProviderLock are the names of what it keeps beside the
// provider with that ID, in the provider's namespace.
func ProviderJournal(id string) string { return cluster.NameFor(SatelliteJournal, id) }

// ProviderLock is the name of the provider's Lease.
func ProviderLock(id string) string { return cluster.NameFor(SatelliteLock, id) }
