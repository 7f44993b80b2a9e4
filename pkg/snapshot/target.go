package snapshot

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// JournalPrimary returns the primary that the migration in the journal belongs
// to, normalised; "" if there is no journal, or if nothing that it tells of
// remains: the region was rolled back, and its satellite is uninstalled and
// unregistered. Such a region may be migrated to another primary.
func (s *Snapshot) JournalPrimary() string {
	record := s.Journal.Value()
	if record == nil {
		return ""
	}
	remains := record.Before != nil || record.RegistrationID != "" || s.Satellite.Value().LastRevision > 0
	if !remains {
		return ""
	}
	return coder.NormalURL(record.Primary)
}
