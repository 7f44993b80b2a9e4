package snapshot

import (
	"context"
	"errors"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
)

// Region is where the facts of one region come from.
type Region struct {
	// Region is the region as the operator declared it.
	Region fleet.Region
	// Sources are those of its providers, in their order; at least one.
	Sources []*Source
}

// closeIdle closes connections that are not in use, to clusters and the satellite.
func (r *Region) closeIdle() {
	for _, source := range r.Sources {
		for _, site := range []Site{source.SatelliteSite, source.ProviderSite} {
			if site.Access != nil {
				site.Access.CloseIdle()
			}
		}
		if source.Endpoint != nil {
			source.Endpoint.CloseIdle()
		}
	}
}

// Collect gathers the items into a view for each provider, in parallel. What
// concerns the satellite is gathered once, and is the same in all of them.
func (r *Region) Collect(ctx context.Context, items ...Item) []*Snapshot {
	views := make([]*Snapshot, len(r.Sources))
	for i, source := range r.Sources {
		views[i] = source.empty()
	}
	r.Refresh(ctx, views, items...)
	return views
}

// NoAnswer returns why the region of the views cannot be reached: the first of its
// clusters that does not answer, be it a provider's or, where that is needed, the satellite's.
// It is nil if there is none. A cluster that refuses, or cannot be asked, does not count.
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

// Refresh gathers the items again, and replaces them in the region's views.
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

// AdoptSatellite takes over what concerns the satellite from another view of the region.
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
