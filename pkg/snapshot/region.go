package snapshot

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Region is where the facts of one region come from.
type Region struct {
	Region  fleet.Region // as the operator declared it
	Sources []*Source    // of its providers, in their order; at least one
}

func (r *Region) closeIdle() {
	for _, source := range r.Sources {
		for _, site := range []*cluster.Access{source.SatelliteSite, source.ProviderSite} {
			if site != nil {
				site.CloseIdle()
			}
		}
		if source.Endpoint != nil {
			source.Endpoint.CloseIdle()
		}
	}
}

// Collect gathers the items into a view for each provider, in parallel. Facts about the satellite are gathered once for all.
func (r *Region) Collect(ctx context.Context, items ...Item) []*Snapshot {
	views := make([]*Snapshot, len(r.Sources))
	for i, source := range r.Sources {
		views[i] = source.empty()
	}
	r.Refresh(ctx, views, items...)
	return views
}

// NoAnswer returns why the region cannot be reached: the error of its first cluster that does not answer, a provider's or, if
// satellite is set, the satellite's. Clusters that refuse, or that cannot be asked, do not count.
func NoAnswer(views []*Snapshot, satellite bool) error {
	for _, s := range views {
		clusters := []Fact[Cluster]{s.ProviderCluster}
		if satellite {
			clusters = []Fact[Cluster]{s.Cluster, s.ProviderCluster}
		}
		for _, found := range clusters {
			if unreachable, explained := errors.AsType[*cluster.UnreachableError](found.Err()); explained && unreachable.NoAnswer {
				return unreachable
			}
		}
	}
	return nil
}

// Refresh gathers the items again and replaces them in the region's views.
func (r *Region) Refresh(ctx context.Context, views []*Snapshot, items ...Item) {
	var group sync.WaitGroup
	for i, source := range r.Sources {
		group.Go(func() { source.gather(ctx, views[i], items, i == 0) })
	}
	group.Wait()
	for _, view := range views[1:] {
		view.AdoptSatellite(views[0])
	}
}

// AdoptSatellite copies the facts about the satellite from another view of the region.
func (s *Snapshot) AdoptSatellite(from *Snapshot) {
	s.Registrations, s.Cluster, s.MissingRights = from.Registrations, from.Cluster, from.MissingRights
	s.Spec, s.Chart, s.MissingSecrets, s.Rendering = from.Spec, from.Chart, from.MissingSecrets, from.Rendering
	s.Satellite, s.SatelliteResources, s.Certificates = from.Satellite, from.SatelliteResources, from.Certificates
	s.SatelliteJournal, s.SatelliteLock, s.Users = from.SatelliteJournal, from.SatelliteLock, from.Users
	s.Endpoint, s.Unified = from.Endpoint, from.Unified
	if s.Declared.Context == s.Region.Satellite.Context {
		s.ProviderCluster = from.Cluster
	}
}

// Compare sets in every view which other regions of the fleet share its satellite's place or its provider. Different
// contexts may lead to one cluster, so the UID of the namespace kube-system identifies it.
func Compare(regions [][]*Snapshot) {
	all := slices.Concat(regions...)
	for _, views := range regions {
		for _, s := range views {
			s.SamePlace, s.SameProvider = nil, nil
			for _, other := range all {
				if other != s {
					s.compare(other, slices.Contains(views, other))
				}
			}
			s.SamePlace, s.SameProvider = slices.Compact(s.SamePlace), slices.Compact(s.SameProvider)
		}
	}
}

func (s *Snapshot) compare(other *Snapshot, sameRegion bool) {
	site, others := s.Region.Satellite, other.Region.Satellite
	uid := s.Cluster.Value().UID
	if !sameRegion && uid != "" && uid == other.Cluster.Value().UID && site.Namespace == others.Namespace {
		s.SamePlace = append(s.SamePlace, other.Region.Name)
	}
	if id := s.Provider.Value().ID; id != "" && id == other.Provider.Value().ID {
		s.SameProvider = append(s.SameProvider, other.Region.Name)
	}
}
