package inlab

import (
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// State is what a report says of a region with one provider, as it is now.
type State struct {
	NetworkingV2     v1alpha1.NetworkingV2
	Registered       v1alpha1.Finding
	SatelliteRelease string
	SatelliteAnswers v1alpha1.Finding
	LegacyRetained   v1alpha1.Finding
}

// StateOf returns what the report says; nil if it says nothing of the satellite or
// of the provider.
func StateOf(report v1alpha1.RegionReport) *State {
	if report.Satellite == nil || report.Satellite.After == nil || len(report.Providers) != 1 || report.Providers[0].After == nil {
		return nil
	}
	satellite, provider := report.Satellite.After, report.Providers[0].After
	return &State{
		NetworkingV2: provider.NetworkingV2, LegacyRetained: provider.LegacyRetained,
		Registered: satellite.Registered, SatelliteRelease: satellite.Release, SatelliteAnswers: satellite.Answers,
	}
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
