package snapshot

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Scope holds the parts of a region that determine which rights in its cluster
// a verb needs.
type Scope struct {
	// Satellite is the satellite's namespace, Legacy the legacy release's; the
	// latter is empty if there is no legacy release.
	Satellite, Legacy string
	// Records is the resource that Helm keeps its records in, as cluster.Access.Driver returns it.
	Records string
	// NewNamespace is set if the satellite's namespace has to be created.
	NewNamespace bool
	// Restore is set if the legacy release was uninstalled, and is restored first.
	Restore bool
	// Made are the resources of the releases' objects, except those that every
	// such release has.
	Made Resources
}

// Scope returns the region's scope, as far as it is known; records is as in Scope.
func (s *Snapshot) Scope(records string) Scope {
	scope := Scope{Satellite: s.Region.Namespace, Records: records, Made: s.Resources.Value()}
	if state, known := s.Satellite.Get(); known {
		scope.NewNamespace = state.NamespacePhase == ""
	}
	state, known := s.Legacy.Get()
	switch {
	case known && state.Release != nil:
		scope.Legacy, scope.Restore = state.Release.Namespace, state.Release.RecordMissing
	case !known: // perhaps for lack of rights: then it is where the provider is
		scope.Legacy = s.Provider.Value().Config.DefaultNamespace
	}
	return scope
}

// OfSatellite returns the part of the scope that the satellite's release has.
func (p Scope) OfSatellite() satellite.Scope {
	return satellite.Scope{Namespace: p.Satellite, Records: p.Records, Made: p.Made.Satellite}
}

// OfLegacy returns the part of the scope that the legacy release has.
func (p Scope) OfLegacy() legacy.Scope {
	return legacy.Scope{Release: p.Legacy, Backups: p.Satellite, Records: p.Records, Made: p.Made.Legacy}
}

// RightsToRead returns the rights in the region's cluster that gathering the
// items needs, in the order of the items.
func RightsToRead(scope Scope, items ...Item) []cluster.Rule {
	var rules []cluster.Rule
	for _, item := range items {
		rules = append(rules, item.rights(scope)...)
	}
	return rules
}

// rights are those that gathering the item needs. Items that are not named are
// read at the primary, follow from other items, or need no right of their own.
func (i Item) rights(scope Scope) []cluster.Rule {
	switch i {
	case ItemCluster:
		return []cluster.Rule{{Namespace: metav1.NamespaceSystem, Resource: "namespaces", Name: metav1.NamespaceSystem, Verb: "get"}}
	case ItemSatellite, ItemChart, ItemCertificates: // of the latter two, the Secrets that the values name
		return satellite.RightsToInspect(scope.OfSatellite())
	case ItemLegacy, ItemRemoval:
		if scope.Legacy == "" {
			return nil
		}
		return legacy.RightsToInspect(scope.OfLegacy())
	case ItemJournal:
		return cluster.Core("configmaps").In(scope.Satellite, "get")
	case ItemLock:
		return Leases().In(scope.Satellite, "get")
	default:
		return nil
	}
}

// Leases is the resource of locks.
func Leases() cluster.Resource {
	return cluster.Resource{Group: "coordination.k8s.io", Resource: "leases", Namespaced: true}
}
