package snapshot

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Scope holds the parts of a region that determine which rights in its clusters
// a verb needs.
type Scope struct {
	// Satellite is the satellite's namespace; empty if there is no satellite.
	// Provider is the provider's own, with its journal, its lock and the backups.
	// Legacy is the legacy release's; empty if there is none.
	Satellite, Provider, Legacy string
	// Records is the resource that Helm keeps its records in, as cluster.Access.Driver returns it.
	Records string
	// NewNamespace is set if the satellite's namespace has to be created.
	NewNamespace bool
	// Restore is set if the legacy release was uninstalled, and is restored first.
	Restore bool
	// OfSatelliteMade and OfLegacyMade are the resources of the releases' objects,
	// except those that every such release has.
	OfSatelliteMade, OfLegacyMade []cluster.Resource
}

// Scope returns the view's scope, as far as it is known; records is as in Scope.
func (s *Snapshot) Scope(records string) Scope {
	scope := Scope{
		Satellite: s.Region.Satellite.Namespace, Provider: s.ProviderNamespace(), Records: records,
		OfSatelliteMade: s.SatelliteResources.Value(), OfLegacyMade: s.LegacyResources.Value(),
	}
	if state, known := s.Satellite.Get(); known {
		scope.NewNamespace = state.NamespacePhase == ""
	}
	state, known := s.Legacy.Get()
	switch {
	case known && state.Release != nil:
		scope.Legacy, scope.Restore = state.Release.Namespace, state.Release.RecordMissing
	case !known: // perhaps for lack of rights: then it is where the provider is
		scope.Legacy = s.ProviderNamespace()
	}
	return scope
}

// OfSatellite returns the part of the scope that the satellite's release has.
func (p Scope) OfSatellite() satellite.Scope {
	return satellite.Scope{Namespace: p.Satellite, Records: p.Records, Made: p.OfSatelliteMade}
}

// OfLegacy returns the part of the scope that the legacy release has.
func (p Scope) OfLegacy() legacy.Scope {
	return legacy.Scope{Release: p.Legacy, Backups: p.Provider, Records: p.Records, Made: p.OfLegacyMade}
}

// RightsToReadSatellite returns the rights in the satellite's cluster that
// gathering the items needs, in the order of the items. Items that are not named
// are read elsewhere, follow from other items, or need no right of their own.
func RightsToReadSatellite(scope Scope, items ...Item) []cluster.Rule {
	if scope.Satellite == "" {
		return nil
	}
	var rules []cluster.Rule
	for _, item := range items {
		switch item {
		case ItemCluster:
			rules = append(rules, rightToIdentify())
		case ItemSatellite, ItemChart, ItemCertificates: // of the latter two, the Secrets that the values name
			rules = append(rules, satellite.RightsToInspect(scope.OfSatellite())...)
		case ItemJournal:
			rules = append(rules, cluster.Core("configmaps").In(scope.Satellite, "get")...)
		case ItemLock:
			rules = append(rules, Leases().In(scope.Satellite, "get")...)
		}
	}
	return rules
}

// RightsToReadProvider returns those in the provider's cluster, likewise.
func RightsToReadProvider(scope Scope, items ...Item) []cluster.Rule {
	var rules []cluster.Rule
	for _, item := range items {
		switch item {
		case ItemCluster:
			rules = append(rules, rightToIdentify())
		case ItemLegacy, ItemRemoval:
			if scope.Legacy != "" {
				rules = append(rules, legacy.RightsToInspect(scope.OfLegacy())...)
			}
		case ItemJournal:
			rules = append(rules, cluster.Core("configmaps").In(scope.Provider, "get")...)
		case ItemLock:
			rules = append(rules, Leases().In(scope.Provider, "get")...)
		}
	}
	return rules
}

// rightToIdentify is the right to read what tells a cluster from others.
func rightToIdentify() cluster.Rule {
	return cluster.Rule{Namespace: metav1.NamespaceSystem, Resource: "namespaces", Name: metav1.NamespaceSystem, Verb: "get"}
}

// Leases is the resource of locks.
func Leases() cluster.Resource {
	return cluster.Resource{Group: "coordination.k8s.io", Resource: "leases", Namespaced: true}
}
