package snapshot

import (
	"context"
	"errors"

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
	inspect := satellite.RightsToInspect(scope.OfSatellite()) // of chart and certificates, the Secrets that the values name
	return rightsToRead(scope.Satellite, items, map[Item][]cluster.Rule{ItemSatellite: inspect, ItemChart: inspect, ItemCertificates: inspect})
}

// RightsToReadProvider returns those in the provider's cluster, likewise.
func RightsToReadProvider(scope Scope, items ...Item) []cluster.Rule {
	ofRelease := map[Item][]cluster.Rule{}
	if scope.Legacy != "" {
		inspect := legacy.RightsToInspect(scope.OfLegacy())
		ofRelease[ItemLegacy], ofRelease[ItemRemoval] = inspect, inspect
	}
	return rightsToRead(scope.Provider, items, ofRelease)
}

// rightsToRead adds the rights to what lies in the namespace beside the release.
func rightsToRead(namespace string, items []Item, ofRelease map[Item][]cluster.Rule) (rules []cluster.Rule) {
	for _, item := range items {
		switch item {
		case ItemCluster: // the UID of this namespace identifies it
			rules = append(rules, cluster.Rule{Namespace: metav1.NamespaceSystem, Resource: "namespaces", Name: metav1.NamespaceSystem, Verb: "get"})
		case ItemJournal:
			rules = append(rules, cluster.Core("configmaps").In(namespace, "get")...)
		case ItemLock:
			rules = append(rules, Leases().In(namespace, "get")...)
		default:
			rules = append(rules, ofRelease[item]...)
		}
	}
	return rules
}

// Leases is the resource of locks.
func Leases() cluster.Resource {
	return cluster.Resource{Group: "coordination.k8s.io", Resource: "leases", Namespaced: true}
}

// AskSatelliteRights asks the satellite's cluster which of the needed rights the
// operator lacks, and puts them into s. Which are needed depends on the facts, so
// it comes after them.
func (src *Source) AskSatelliteRights(ctx context.Context, s *Snapshot, needed []cluster.Rule) {
	s.MissingRights = missing(ctx, src.SatelliteSite, needed)
}

// AskProviderRights asks the provider's cluster, likewise.
func (src *Source) AskProviderRights(ctx context.Context, s *Snapshot, needed []cluster.Rule) {
	s.MissingProviderRights = missing(ctx, src.ProviderSite, needed)
}

func missing(ctx context.Context, site Site, needed []cluster.Rule) Fact[[]cluster.Rule] {
	return inCluster(site, func() ([]cluster.Rule, error) {
		if len(needed) == 0 {
			return nil, errors.New("nothing says which rights are needed")
		}
		return site.Access.Missing(ctx, needed)
	})
}
