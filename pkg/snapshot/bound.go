package snapshot

import (
	"cmp"

	"k8s.io/apimachinery/pkg/types"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Satellite returns the satellite's release at its site.
func (src *Source) Satellite() satellite.Release {
	return satellite.At(src.SatelliteSite, src.Region.Satellite.Namespace, src.Region.Satellite.Release)
}

// DeclaredOwner returns the object of a GitOps controller that installs the satellite according to the Fleet, as `export`
// names it for a Flux in the satellite's cluster and for Argo CD.
func DeclaredOwner(region fleet.Region) gitops.Owner {
	return map[string]gitops.Owner{
		fleet.SatelliteFlux:   {Tool: gitops.Flux, Namespace: region.Satellite.Namespace, Name: region.Satellite.Release},
		fleet.SatelliteArgoCD: {Tool: gitops.ArgoCD, Name: region.Object()},
	}[region.Satellite.ManagedBy]
}

// Legacy returns the site of the provider's legacy release. Its backups are in the provider's namespace, beside the journal.
func (src *Source) Legacy(s *Snapshot) legacy.Site {
	return legacy.At(src.ProviderSite, s.ProviderNamespace())
}

// SatelliteJournal names the satellite's journal.
func (src *Source) SatelliteJournal() types.NamespacedName {
	return types.NamespacedName{Namespace: src.Region.Satellite.Namespace, Name: journal.Name}
}

// ProviderJournal names the journal of the provider in s, in the provider's namespace.
func (src *Source) ProviderJournal(s *Snapshot) types.NamespacedName {
	return types.NamespacedName{Namespace: s.ProviderNamespace(), Name: journal.ProviderName(s.ProviderID())}
}

// SatelliteLock names the satellite's lock.
func (src *Source) SatelliteLock() types.NamespacedName {
	return types.NamespacedName{Namespace: src.Region.Satellite.Namespace, Name: lock.Name}
}

// ProviderLock names the lock of the provider in s, in the provider's namespace: the same one for every Fleet file.
func (src *Source) ProviderLock(s *Snapshot) types.NamespacedName {
	return types.NamespacedName{Namespace: s.ProviderNamespace(), Name: lock.ProviderName(s.ProviderID())}
}

// ProviderID returns the ID of the provider as it was first found; "" until then.
func (s *Snapshot) ProviderID() string { return cmp.Or(s.Provider.Value().ID, s.found.ID) }

// ProviderNamespace returns the namespace of the provider's workspaces as it was first found, by default "default".
func (s *Snapshot) ProviderNamespace() string {
	return cmp.Or(s.Provider.Value().Config.DefaultNamespace, s.found.Config.DefaultNamespace, "default")
}

// ProviderName returns the provider's name at the primary as it was first found; until then, what the operator called it.
func (s *Snapshot) ProviderName() string {
	return cmp.Or(s.Provider.Value().Name, s.found.Name, s.Declared.Name, s.Declared.Context)
}

// Command returns the command line that runs the verb on this provider alone.
func (s *Snapshot) Command(verb string) string { return s.Region.CommandFor(verb, s.Declared) }
