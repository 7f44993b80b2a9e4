package snapshot

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// InstalledPrimary returns the primary in the deployed satellite's values, normalised; "" if there is none.
func (s *Snapshot) InstalledPrimary() string { return s.installedURL("primaryURL") }

// InstalledAccessURL returns the access URL in the deployed satellite's values, normalised; "" if there is none.
func (s *Snapshot) InstalledAccessURL() string { return s.installedURL("accessURL") }

// installedURL returns a URL under coderd.satellite in the deployed values. The chart cannot use a value of another type.
func (s *Snapshot) installedURL(key string) string {
	found, _, _ := unstructured.NestedString(s.installedValues(), "coderd", "satellite", key)
	return coder.NormalURL(found)
}

func (s *Snapshot) installedValues() map[string]any {
	if state := s.Satellite.Value(); state.Installed {
		return state.Values
	}
	return nil
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
	if !begun && record.RegistrationID == "" && !s.Satellite.Value().Exists() {
		return ""
	}
	return coder.NormalURL(record.Primary)
}

// ServesAccessURL reports whether the deployed satellite has the region's access URL as its own or an alternate one.
func (s *Snapshot) ServesAccessURL() bool {
	if coder.SameURL(s.InstalledAccessURL(), s.Region.Satellite.AccessURL) {
		return true
	}
	host := fleet.Host(s.Region.Satellite.AccessURL)
	return slices.ContainsFunc(s.alternates(), func(name string) bool { return strings.EqualFold(name, host) })
}

// InstalledOwnURL returns the deployed satellite's own URL, for display: its access URL or, if that is the unified one, its
// first other host name.
func (s *Snapshot) InstalledOwnURL() string {
	installed := s.InstalledAccessURL()
	if s.Region.Satellite.UnifiedURL == "" || !coder.SameURL(installed, s.Region.Satellite.UnifiedURL) {
		return installed
	}
	for _, name := range s.alternates() {
		if !strings.EqualFold(name, fleet.Host(installed)) {
			return "https://" + strings.ToLower(name)
		}
	}
	return installed
}

// alternates returns the deployed satellite's alternate host names. The chart cannot use values of another form.
func (s *Snapshot) alternates() []string {
	names, _ := satellite.AlternateHostnames(s.installedValues())
	return names
}
