// Package snapshot gathers, read-only and in parallel, the facts about regions that plans and checks use. It decides nothing:
// what cannot be read stays unknown, with the reason.
package snapshot

import (
	"cmp"
	"slices"
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

// Snapshot is what is known about one provider of a region, and about what serves it, at one time. Views of the same region
// share the satellite.
type Snapshot struct {
	Region   fleet.Region   // as the operator declared it
	Declared fleet.Provider // likewise
	Taken    time.Time      // when the last of the facts was gathered

	Primary       Primary
	Registrations Fact[[]coder.Satellite] // the satellites that are registered at the primary
	Provider      Fact[coder.Provider]
	Users         Fact[[]coder.Provider] // all providers that the satellite serves: the region's and those in the satellite's journal
	Canary        Fact[Canary]
	Workspaces    Fact[[]coder.Workspace] // on the provider

	// The provider and the canary as they were first found: if one cannot be read for a while, no other takes its place.
	found  coder.Provider
	chosen *Canary

	Cluster, ProviderCluster Fact[Cluster] // the satellite's and the provider's
	// SatelliteResources and LegacyResources are those of the objects in the releases and in the satellite's chart.
	SatelliteResources, LegacyResources Fact[[]cluster.Resource]
	// MissingRights are those that the operator lacks in the satellite's cluster, MissingProviderRights in the provider's.
	MissingRights, MissingProviderRights Fact[[]cluster.Rule]
	Spec                                 Fact[satellite.Spec] // the intended release of the satellite
	Chart                                Fact[*satellite.Chart]
	MissingSecrets                       Fact[[]string]            // named by Spec's values, but not in the namespace
	Rendering                            Fact[satellite.Rendering] // what installing Spec would change
	Satellite                            Fact[satellite.State]     // the satellite's present release
	Legacy                               Fact[Legacy]
	Removal                              Fact[legacy.Removal]  // what finalize would do to the legacy release
	SatelliteJournal, ProviderJournal    Fact[*journal.Record] // nil if there is none
	SatelliteLock, ProviderLock          Fact[*lock.State]     // nil if there is none

	Endpoint     Fact[Endpoint]     // what answers at the satellite's access URL, from this machine
	Unified      Fact[Unified]      // what answers at the unified URL, from this machine; not collected without one
	Certificates Fact[Certificates] // in the TLS Secrets that the satellite's values name

	// SamePlace names the fleet's other regions whose satellite has the same place, SameProvider those that have the same
	// provider; Compare sets both.
	SamePlace, SameProvider []string
}

// Primary holds the facts about the primary deployment, the same for every region.
type Primary struct {
	URL       string
	Version   Fact[coder.Version]
	Me        Fact[coder.User] // whose token is used
	Providers Fact[[]coder.Provider]
	// ServedKey is empty at a primary. At a satellite, whose API looks like the primary's, it is the satellite's key.
	ServedKey Fact[coder.SatelliteKey]
}

// Cluster identifies a cluster.
type Cluster struct {
	UID     string // of the namespace kube-system
	Server  string // the API server's URL
	Version string // the API server's, "v1.29.3"
}

// Canary is the workspace that proves a migration.
type Canary struct {
	None      bool // no workspace is rebuilt
	Workspace coder.Workspace
	Reason    string // why it was chosen, or why there is none
}

// Legacy is the state of the region's legacy release.
type Legacy struct {
	Found     legacy.Found
	Release   *legacy.Release // the only candidate; nil if there are none or several
	Retention legacy.Retention
	Readiness legacy.Readiness
	AccessURL string       // envproxy's; empty if unknown
	Reach     probe.Result // of AccessURL, from this machine
}

// Endpoint is what answers at the satellite's access URL.
type Endpoint struct {
	Reach  probe.Result // how far a connection got; only collected if the key could not be read
	Key    coder.SatelliteKey
	KeyErr error // why there is no key
	// Certificate is served there, verified or not, and UnifiedCertificate to whoever asks for the unified URL's name. Nil if
	// the connection did not get that far or uses no TLS.
	Certificate, UnifiedCertificate *probe.Certificate
	// Version is the primary's as read through the satellite. The request may carry credentials, so it is only sent to the
	// satellite's own key.
	Version Fact[coder.Version]
}

// Networking returns the state of the provider's networking.
func (s *Snapshot) Networking() v1alpha1.NetworkingV2 { return s.NetworkingOf(s.Provider) }

// NetworkingOf returns the state of any provider's networking. From v1.22 on, Networking v2 is always on and the option is
// gone, so that an absent field never means off (Coder CLI commit 1ed07d2; release notes of v1.22).
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
	}
	return v1alpha1.NetworkingV2Off
}

// InLedger reports whether the ledger in the provider's journal lists the revision of the legacy release that was found.
func (s *Snapshot) InLedger() bool {
	record, release := s.ProviderJournal.Value(), s.Legacy.Value().Release
	return record != nil && release != nil && record.Retention.Covers(release.Namespace, release.Name, release.Revision)
}

// Registration returns the registration of the satellite's key, if both the key and the registrations are known.
func (s *Snapshot) Registration() (coder.Satellite, bool) {
	return s.registrationOf(s.Satellite.Value().PublicKey, s.Satellite.Value().Fingerprint)
}

// RecordedRegistration returns the registration of the key in Helm's record, for a satellite whose Secret is gone.
func (s *Snapshot) RecordedRegistration() (coder.Satellite, bool) {
	return s.registrationOf(s.Satellite.Value().RecordedKey, s.Satellite.Value().RecordedFingerprint)
}

func (s *Snapshot) registrationOf(public, fingerprint string) (coder.Satellite, bool) {
	if fingerprint == "" {
		return coder.Satellite{}, false
	}
	forms := []string{fingerprint}
	// Primaries may print fingerprints in a form of their own. The satellite's form of the same key then links the two.
	served := s.Endpoint.Value().Key
	if same, _ := coder.SameKey(served.Key, public); same {
		forms = append(forms, served.Fingerprint)
	}
	return Registered(s.Registrations.Value(), forms...)
}

// Registered returns the registration of the key with one of these fingerprints.
func Registered(registrations []coder.Satellite, fingerprints ...string) (coder.Satellite, bool) {
	for _, r := range registrations {
		if r.Fingerprint != "" && slices.Contains(fingerprints, r.Fingerprint) {
			return r, true
		}
	}
	return coder.Satellite{}, false
}

// Distance returns how far the provider's users were and are; nil if unknown, or if they do not use the satellite.
func (s *Snapshot) Distance() *v1alpha1.Distance {
	record := s.ProviderJournal.Value()
	if record == nil || s.Region.Satellite.None() || s.Networking() == v1alpha1.NetworkingV2Off {
		return nil
	}
	return record.Distance
}

// OwnFormerRegistration reports whether a migration of this region registered a key that was uninstalled since.
func (s *Snapshot) OwnFormerRegistration(r coder.Satellite) bool {
	record, known := s.SatelliteJournal.Get()
	if !known || record == nil || record.RegistrationID == "" || record.RegistrationID != r.ID || !s.Satellite.IsKnown() {
		return false
	}
	_, registered := s.Registration()
	return !registered
}

// ServesOwnKey reports whether the access URL serves the key in the cluster's Secret. The error says why that is unknown.
func (s *Snapshot) ServesOwnKey() (bool, error) {
	endpoint := s.Endpoint.Value()
	if err := cmp.Or(s.Satellite.Err(), s.Endpoint.Err(), endpoint.KeyErr); err != nil {
		return false, err
	}
	same, _ := coder.SameKey(endpoint.Key.Key, s.Satellite.Value().PublicKey)
	return same, nil
}
