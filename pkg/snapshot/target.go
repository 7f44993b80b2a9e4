package snapshot

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// InstalledPrimary returns the primary in the deployed satellite's values, normalised; "" if there is none.
func (s *Snapshot) InstalledPrimary() string { return s.installedURL("primaryURL") }

// InstalledAccessURL returns the access URL in the deployed satellite's values, normalised; "" if there is none.
func (s *Snapshot) InstalledAccessURL() string { return s.installedURL("accessURL") }

// installedURL returns a URL under coderd.satellite in the deployed values.
func (s *Snapshot) installedURL(key string) string {
	state := s.Satellite.Value()
	if !state.Installed {
		return ""
	}
	// The chart cannot use a value of another type.
	found, _, _ := unstructured.NestedString(state.Values, "coderd", "satellite", key)
	return coder.NormalURL(found)
}

// JournalPrimary returns the primary that the journals belong to, normalised; "" if there is no journal or nothing of the
// migration remains: the provider was rolled back, and the satellite was unregistered and uninstalled. Such a region may be
// migrated to another primary.
func (s *Snapshot) JournalPrimary() string {
	if record := s.ProviderJournal.Value(); record != nil && record.Before != nil {
		return coder.NormalURL(record.Primary)
	}
	record := s.SatelliteJournal.Value()
	if record == nil {
		return ""
	}
	begun := record.Before != nil && record.Outcome != v1alpha1.OutcomeSucceeded
	if !begun && record.RegistrationID == "" && s.Satellite.Value().LastRevision == 0 {
		return ""
	}
	return coder.NormalURL(record.Primary)
}
