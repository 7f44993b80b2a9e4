package snapshot

import (
	"cmp"
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/gitops"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Scope holds the parts of a region that determine which cluster rights a verb needs.
type Scope struct {
	// Satellite is the satellite's namespace, Provider the provider's, with journal, lock and backups, and Legacy the legacy
	// release's. Empty if there is none.
	Satellite, Provider, Legacy string
	Records                     string // the resource of Helm's records, as from cluster.Access.Driver
	NewNamespace                bool   // the satellite's namespace has to be created
	Restore                     bool   // the legacy release was uninstalled and is restored first
	// OfSatelliteMade and OfLegacyMade are the resources of the releases' objects, except those that every release has.
	OfSatelliteMade, OfLegacyMade []cluster.Resource
	SatelliteOwned                bool // a GitOps controller installs the satellite
	// SatelliteControl are the rights to read what that controller does: useful, but not needed.
	SatelliteControl []cluster.Rule
	// LegacyOwner is the GitOps controller that owns the legacy release. LegacyRendered is set if it keeps no records.
	LegacyOwner    gitops.Owner
	LegacyRendered bool
}

// Scope returns the view's scope as far as it is known.
func (s *Snapshot) Scope(records string) Scope {
	scope := Scope{
		Satellite: s.Region.Satellite.Namespace, Provider: s.ProviderNamespace(), Records: records,
		OfSatelliteMade: s.SatelliteResources.Value(), OfLegacyMade: s.LegacyResources.Value(),
	}
	control := s.Satellite.Value().Control
	scope = scope.Managed(cmp.Or(control.Owner, DeclaredOwner(s.Region)), control.Absent())
	if state, known := s.Satellite.Get(); known {
		scope.NewNamespace = state.NamespacePhase == ""
	}
	state, known := s.Legacy.Get()
	switch {
	case known && state.Release != nil:
		scope.Legacy, scope.Restore, scope.LegacyOwner = state.Release.Namespace, state.Release.RecordMissing, state.Release.Owner
		scope.LegacyRendered = state.Release.Rendered()
	case !known: // perhaps rights are missing: assume the provider's namespace
		scope.Legacy = s.ProviderNamespace()
	}
	return scope
}

// Managed returns the scope with the controller that installs the satellite, if any, whose object may be absent from the cluster.
func (p Scope) Managed(owner gitops.Owner, absent bool) Scope {
	p.SatelliteOwned = owner.Exists()
	if !absent { // its namespace may not exist
		p.SatelliteControl = owner.RightsToRead()
	}
	return p
}

// OfSatellite returns the scope of the satellite's release.
func (p Scope) OfSatellite() satellite.Scope {
	return satellite.Scope{Namespace: p.Satellite, Records: p.Records, Made: p.OfSatelliteMade, Owned: p.SatelliteOwned}
}

// OfLegacy returns the scope of the legacy release.
func (p Scope) OfLegacy() legacy.Scope {
	if p.LegacyRendered {
		p.Records = ""
	}
	return legacy.Scope{Release: p.Legacy, Backups: p.Provider, Records: p.Records, Made: p.OfLegacyMade}
}

// RightsToReadSatellite returns the rights in the satellite's cluster that gathering the items needs, in their order. Items
// that are not listed are read elsewhere, follow from other items, or need no right of their own.
func RightsToReadSatellite(scope Scope, items ...Item) []cluster.Rule {
	if scope.Satellite == "" {
		return nil
	}
	inspect := satellite.RightsToInspect(scope.OfSatellite()) // for chart and certificates, the Secrets that the values name
	ofRelease := map[Item][]cluster.Rule{ItemSatellite: inspect, ItemChart: inspect, ItemCertificates: inspect}
	return rightsToRead(scope.Satellite, items, ofRelease)
}

// RightsToReadProvider returns those in the provider's cluster.
func RightsToReadProvider(scope Scope, items ...Item) []cluster.Rule {
	ofRelease := map[Item][]cluster.Rule{}
	if scope.Legacy != "" {
		inspect := legacy.RightsToInspect(scope.OfLegacy())
		ofRelease[ItemLegacy], ofRelease[ItemRemoval] = inspect, inspect
	}
	return rightsToRead(scope.Provider, items, ofRelease)
}

// rightsToRead adds the rights to the objects beside the release.
func rightsToRead(namespace string, items []Item, ofRelease map[Item][]cluster.Rule) (rules []cluster.Rule) {
	for _, item := range items {
		switch item {
		case ItemCluster: // whose UID identifies the cluster
			system := metav1.NamespaceSystem
			rules = append(rules, cluster.Rule{Namespace: system, Resource: "namespaces", Name: system, Verb: "get"})
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

// Leases returns the resource of locks.
func Leases() cluster.Resource {
	return cluster.Resource{Group: "coordination.k8s.io", Resource: "leases", Namespaced: true}
}

// MissingRights returns which of the needed rights are missing at a site. Which ones are needed depends on other facts.
func MissingRights(ctx context.Context, site *cluster.Access, needed []cluster.Rule) Fact[[]cluster.Rule] {
	return inCluster(site, func() ([]cluster.Rule, error) {
		if len(needed) == 0 {
			return nil, errors.New("the needed rights are unknown")
		}
		return site.Missing(ctx, needed)
	})
}

// resources finds the resources of the releases' objects by asking the clusters which ones they serve.
func (src *Source) resources(s *Snapshot, satellites bool) {
	if satellites {
		s.SatelliteResources = inCluster(src.SatelliteSite, func() (_ []cluster.Resource, err error) {
			var made []schema.GroupKind
			if spec, known := s.Spec.Get(); known && s.Chart.IsKnown() {
				if made, err = src.Satellite().Kinds(spec, s.Chart.Value(), s.Cluster.Value().Version); err != nil {
					return nil, err
				}
			}
			return src.SatelliteSite.Resources(append(made, s.Satellite.Value().Kinds...))
		})
	}
	if release := s.Legacy.Value().Release; release != nil {
		s.LegacyResources = inCluster(src.ProviderSite, func() ([]cluster.Resource, error) { return src.ProviderSite.Resources(release.Kinds()) })
	} else {
		s.LegacyResources = Known[[]cluster.Resource](nil)
	}
}
