// Package snapshot gathers, read-only and in parallel, the facts about
// regions that plans and checks are made from. It decides nothing: whatever
// could not be read is kept as an unknown with its reason.
package snapshot

import (
	"time"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Snapshot is what is known about one provider of a region, and about what
// serves it, at one time. Views of the same region have the satellite in common.
type Snapshot struct {
	// Region is the region as the operator declared it, and Declared the provider.
	Region   fleet.Region
	Declared fleet.Provider
	// Taken is when the last of the facts was gathered.
	Taken time.Time

	// Primary holds the facts about the primary deployment.
	Primary Primary
	// Registrations are the satellites registered at the primary.
	Registrations Fact[[]coder.Satellite]
	// Provider is the workspace provider.
	Provider Fact[coder.Provider]
	// Users are all providers that the satellite serves: those of the region, and
	// those that the satellite's journal names.
	Users Fact[[]coder.Provider]
	// Canary is the workspace chosen to prove the migration.
	Canary Fact[Canary]
	// Workspaces are those on the provider.
	Workspaces Fact[[]coder.Workspace]

	// found and chosen are the provider and the canary as they were found
	// first: no other takes its place when one cannot be read for a while.
	found  coder.Provider
	chosen *Canary

	// Cluster identifies the satellite's cluster, ProviderCluster the provider's.
	Cluster, ProviderCluster Fact[Cluster]
	// SatelliteResources are those of the objects that the satellite's chart makes
	// and its release has, LegacyResources those of the legacy release's.
	SatelliteResources, LegacyResources Fact[[]cluster.Resource]
	// MissingRights are the rights in the satellite's cluster that the operator
	// lacks, MissingProviderRights those in the provider's.
	MissingRights, MissingProviderRights Fact[[]cluster.Rule]
	// Spec is the satellite's release as it should be.
	Spec Fact[satellite.Spec]
	// Chart is the satellite's chart.
	Chart Fact[*satellite.Chart]
	// MissingSecrets are the Secrets that Spec's values name and the namespace lacks.
	MissingSecrets Fact[[]string]
	// Rendering is what installing Spec would change.
	Rendering Fact[satellite.Rendering]
	// Satellite is the satellite's release as it is.
	Satellite Fact[satellite.State]
	// Legacy is the legacy release, its retention and its readiness for a rollback.
	Legacy Fact[Legacy]
	// Removal is what removing the legacy release for good would do.
	Removal Fact[legacy.Removal]
	// SatelliteJournal and ProviderJournal are the journals of the satellite and of
	// the provider; nil if there is none.
	SatelliteJournal, ProviderJournal Fact[*journal.Record]
	// SatelliteLock and ProviderLock are their locks; nil if there is none.
	SatelliteLock, ProviderLock Fact[*lock.State]

	// Endpoint is what answers at the satellite's access URL, from this machine.
	Endpoint Fact[Endpoint]
	// Unified is what answers at the fleet's unified URL, from this machine; not
	// collected without one.
	Unified Fact[Unified]
	// Certificates are those in the TLS Secrets that the satellite's values name.
	Certificates Fact[Certificates]

	// SamePlace names the fleet's other regions whose satellite has the same place,
	// SameProvider the regions that have the same provider once more; Compare finds both.
	SamePlace, SameProvider []string
}

// Primary holds the facts about the primary deployment, the same for every region.
type Primary struct {
	// URL is the primary's access URL.
	URL string
	// Version is the primary's version.
	Version Fact[coder.Version]
	// Me is the user whose token is used.
	Me Fact[coder.User]
	// Providers are the workspace providers.
	Providers Fact[[]coder.Provider]
	// ServedKey is the key that URL serves: empty at a primary, which has none,
	// and a satellite's own if URL is a satellite's, whose API looks like its
	// primary's.
	ServedKey Fact[coder.SatelliteKey]
}

// Cluster identifies a cluster.
type Cluster struct {
	// UID is the UID of the namespace kube-system.
	UID string
	// Server is the API server's URL.
	Server string
	// Version is the API server's version, "v1.29.3".
	Version string
}

// Canary is the workspace chosen to prove a migration.
type Canary struct {
	// None is set if no workspace is to be rebuilt.
	None bool
	// Workspace is the chosen one, unless None.
	Workspace coder.Workspace
	// Reason says why it was chosen, or why there is none.
	Reason string
}

// Legacy is the state of the region's legacy release.
type Legacy struct {
	// Found are the candidates.
	Found legacy.Found
	// Release is the one candidate; nil if there are none or several.
	Release *legacy.Release
	// Retention and Readiness belong to Release.
	Retention legacy.Retention
	Readiness legacy.Readiness
	// AccessURL is envproxy's; empty if not known. Reach is how far a
	// connection to it got, from this machine.
	AccessURL string
	Reach     probe.Result
}

// Endpoint is what answers at the satellite's access URL.
type Endpoint struct {
	// Reach is how far a connection got. It is only collected when the key could not be read.
	Reach probe.Result
	// Key is the key that is served; KeyErr says why there is none.
	Key    coder.SatelliteKey
	KeyErr error
	// Certificate is the certificate that is served there, verified or not; nil if
	// the connection did not get that far, or uses no TLS. UnifiedCertificate is the
	// one that is served there to whoever asks for the unified URL's name.
	Certificate, UnifiedCertificate *probe.Certificate
	// Version is the version that the primary's API reports through the
	// satellite. It is asked for only where the satellite's own key is served:
	// the request may carry credentials.
	Version Fact[coder.Version]
}

// Networking returns the state of the provider's networking.
func (s *Snapshot) Networking() v1alpha1.NetworkingV2 {
	return s.NetworkingOf(s.Provider)
}

// NetworkingOf returns the state of any provider's networking. From v1.22 the
// option is gone and Networking v2 is always on, so an absent field means off
// in no version (Coder CLI commit 1ed07d2; release notes of v1.22).
func (s *Snapshot) NetworkingOf(which Fact[coder.Provider]) v1alpha1.NetworkingV2 {
	version, versionKnown := s.Primary.Version.Get()
	provider, providerKnown := which.Get()
	switch {
	case versionKnown && version.AtLeast(1, 22):
		return v1alpha1.NetworkingV2AlwaysOn
	case !versionKnown || !providerKnown || provider.EnableNetV2 == nil:
		return v1alpha1.NetworkingV2Unknown
	case *provider.EnableNetV2:
		return v1alpha1.NetworkingV2On
	default:
		return v1alpha1.NetworkingV2Off
	}
}

// InLedger reports whether the ledger in the provider's journal lists the revision of the legacy
// release that was found. Without a release or a journal it is false.
func (s *Snapshot) InLedger() bool {
	record, release := s.ProviderJournal.Value(), s.Legacy.Value().Release
	return record != nil && release != nil && record.Retention.Covers(release.Namespace, release.Name, release.Revision)
}

// Registration returns the registration of the satellite's own key, and
// whether there is one. Both lists must be known for an answer of true.
func (s *Snapshot) Registration() (coder.Satellite, bool) {
	return s.registrationOf(s.Satellite.Value().PublicKey, s.Satellite.Value().Fingerprint)
}

// RecordedRegistration is the same of the key that Helm's record holds, whose Secret
// is gone.
func (s *Snapshot) RecordedRegistration() (coder.Satellite, bool) {
	return s.registrationOf(s.Satellite.Value().RecordedKey, s.Satellite.Value().RecordedFingerprint)
}

// registrationOf returns the registration of a key; false if there is no key.
func (s *Snapshot) registrationOf(public, fingerprint string) (coder.Satellite, bool) {
	if fingerprint == "" {
		return coder.Satellite{}, false
	}
	served := s.Endpoint.Value().Key
	// A primary may print fingerprints in a form of its own; the satellite's own word for
	// the same key is then the link between the two.
	same, _ := coder.SameKey(served.Key, public)
	for _, r := range s.Registrations.Value() {
		if r.Fingerprint != "" && (r.Fingerprint == fingerprint || same && r.Fingerprint == served.Fingerprint) {
			return r, true
		}
	}
	return coder.Satellite{}, false
}

// Distance is how far the provider's users were and are, as its journal says; nil if it
// does not, or they do not connect to the satellite.
func (s *Snapshot) Distance() *v1alpha1.Distance {
	record := s.ProviderJournal.Value()
	if record == nil || s.Region.Satellite.None() || s.Networking() == v1alpha1.NetworkingV2Off {
		return nil
	}
	return record.Distance
}

// OwnFormerRegistration reports whether the registration is one that a migration
// of this region made, of a key that the region no longer has: somebody
// uninstalled the satellite, and its key with it.
func (s *Snapshot) OwnFormerRegistration(r coder.Satellite) bool {
	record, known := s.SatelliteJournal.Get()
	if !known || record == nil || record.RegistrationID == "" || record.RegistrationID != r.ID || !s.Satellite.IsKnown() {
		return false
	}
	_, registered := s.Registration()
	return !registered
}

// ServesOwnKey reports whether the key served at the access URL is the key in
// the cluster's Secret. The error says what is served instead.
func (s *Snapshot) ServesOwnKey() (bool, error) {
	state, known := s.Satellite.Get()
	if !known {
		return false, s.Satellite.Err()
	}
	endpoint, known := s.Endpoint.Get()
	if !known {
		return false, s.Endpoint.Err()
	}
	if endpoint.KeyErr != nil {
		return false, endpoint.KeyErr
	}
	same, _ := coder.SameKey(endpoint.Key.Key, state.PublicKey)
	return same, nil
}
