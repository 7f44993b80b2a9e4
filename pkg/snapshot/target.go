package snapshot

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// InstalledPrimary returns the primary that the deployed satellite was given,
// normalised; "" if none is deployed, or its values name none.
func (s *Snapshot) InstalledPrimary() string { return s.installedURL("primaryURL") }

// InstalledAccessURL returns the access URL that the deployed satellite was
// given, normalised; "" if none is deployed, or its values name none.
func (s *Snapshot) InstalledAccessURL() string { return s.installedURL("accessURL") }

// installedURL returns the URL under coderd.satellite in the values of the
// deployed revision.
func (s *Snapshot) installedURL(key string) string {
	state := s.Satellite.Value()
	if !state.Installed {
		return ""
	}
	// a value of another kind is none that the chart could use
	found, _, _ := unstructured.NestedString(state.Values, "coderd", "satellite", key)
	return coder.NormalURL(found)
}

// JournalPrimary returns the primary that the migration in the journals belongs
// to, normalised; "" if there are none, or if nothing that they record remains:
// the provider was rolled back, and the satellite is uninstalled and
// unregistered. Such a region may be migrated to another primary.
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
