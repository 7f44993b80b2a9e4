package snapshot

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Satellite is the satellite's release at its site.
func (src *Source) Satellite() satellite.Release {
	return satellite.At(src.SatelliteSite.Access, src.Region.Satellite.Namespace, src.Region.Satellite.Release)
}

// Legacy is where the provider's legacy release is looked for. Its backups lie
// in the provider's own namespace, beside the provider's journal.
func (src *Source) Legacy(s *Snapshot) legacy.Site {
	return legacy.At(src.ProviderSite.Access, s.ProviderNamespace())
}

// SatelliteJournal is the journal of the satellite, beside it.
func (src *Source) SatelliteJournal() types.NamespacedName {
	return types.NamespacedName{Namespace: src.Region.Satellite.Namespace, Name: journal.Name}
}

// ProviderJournal is the journal of the provider in s, in the provider's own namespace.
func (src *Source) ProviderJournal(s *Snapshot) types.NamespacedName {
	return types.NamespacedName{Namespace: s.ProviderNamespace(), Name: journal.ProviderName(s.ProviderID())}
}

// SatelliteLock is the lock of the satellite, beside it.
func (src *Source) SatelliteLock() types.NamespacedName {
	return types.NamespacedName{Namespace: src.Region.Satellite.Namespace, Name: lock.Name}
}

// ProviderLock is the lock of the provider in s, in the provider's own namespace:
// the same one from whatever Fleet file the provider is named.
func (src *Source) ProviderLock(s *Snapshot) types.NamespacedName {
	return types.NamespacedName{Namespace: s.ProviderNamespace(), Name: lock.ProviderName(s.ProviderID())}
}

// ProviderID returns the ID of the provider, as it was found first; "" if it was not found yet.
func (s *Snapshot) ProviderID() string { return cmp.Or(s.Provider.Value().ID, s.found.ID) }

// ProviderNamespace returns the namespace of the provider's workspaces, as it was
// found first. A provider that names none uses what Kubernetes does.
func (s *Snapshot) ProviderNamespace() string {
	return cmp.Or(s.Provider.Value().Config.DefaultNamespace, s.found.Config.DefaultNamespace, "default")
}

// ProviderName returns the provider's name at the primary, as it was found first;
// what the operator called it, if it was not found yet.
func (s *Snapshot) ProviderName() string {
	return cmp.Or(s.Provider.Value().Name, s.found.Name, s.Declared.Name, s.Declared.Context)
}

// Command returns the command line that runs the verb on this provider alone.
func (s *Snapshot) Command(verb string) string { return s.Region.CommandFor(verb, s.Declared) }
