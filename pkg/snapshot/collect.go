package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Collect gathers the items into a new snapshot, in parallel. It never fails:
// what could not be read is unknown, with its reason.
func (src *Source) Collect(ctx context.Context, items ...Item) *Snapshot {
	s := src.empty()
	src.Refresh(ctx, s, items...)
	return s
}

func (src *Source) empty() *Snapshot { return &Snapshot{Region: src.Region, Declared: src.Declared} }

// Refresh gathers the items again, in parallel, and replaces them in s.
func (src *Source) Refresh(ctx context.Context, s *Snapshot, items ...Item) {
	src.gather(ctx, s, items, true)
}

// gather gathers the items of the provider and, if asked to, of the satellite,
// in parallel. What depends on the provider (canary, journal, legacy release)
// waits for it and for nothing else.
func (src *Source) gather(ctx context.Context, s *Snapshot, items []Item, satellites bool) {
	if len(items) == 0 {
		return
	}
	g := gathering{items: items}
	satellites = satellites && !src.Region.Satellite.None()

	// independent of the primary's answers
	g.run(ItemCluster, !src.oneCluster(), func() { s.ProviderCluster = clusterOf(ctx, src.ProviderSite) })
	inspected := g.satelliteAlone(ctx, src, s, satellites)

	versioned := src.primary(ctx, s, g.wants(ItemProvider) || g.wants(ItemEndpoint))
	if g.wants(ItemProvider) {
		s.Provider = src.provider(ctx, s)
	}
	versioned()
	charted := g.run(ItemChart, satellites, func() { src.chart(ctx, s) })
	g.run(ItemCertificates, satellites, func() {
		inspected()
		charted()
		s.Certificates = src.certificates(ctx, s)
	})
	g.run(ItemCanary, true, func() { s.Canary = src.canary(ctx, s) })
	g.run(ItemWorkspaces, true, func() { s.Workspaces = src.workspaces(ctx, s) })
	g.run(ItemLock, true, func() {
		s.ProviderLock = ofProvider(src, s, func() (*lock.State, error) {
			return lock.Read(ctx, src.ProviderSite.Access.Clientset(), src.ProviderLock(s))
		})
	})
	journaled := g.run(ItemJournal, true, func() { // with it the ledger is known, if it was to be read again
		s.ProviderJournal = ofProvider(src, s, func() (*journal.Record, error) {
			return journal.Read(ctx, src.ProviderSite.Access.Clientset(), src.ProviderJournal(s))
		})
	})
	g.run(ItemLegacy, true, func() { s.Legacy = src.legacyFact(ctx, s, journaled) })
	g.Wait()

	if release := s.Legacy.Value().Release; g.wants(ItemRemoval) && release != nil {
		s.Removal = inCluster(src.ProviderSite, func() (legacy.Removal, error) {
			return src.Legacy(s).Of(*release).Preview(ctx)
		})
	}
	if g.wants(ItemUsers) && satellites {
		s.Users = src.users(ctx, s)
	}
	if g.wants(ItemResources) {
		src.resources(s, satellites)
	}
	if g.wants(ItemRendering) && satellites && len(s.MissingRights.Value()) == 0 { // otherwise it fails for want of them
		s.Rendering = src.rendering(s)
	}
	s.Taken = src.clock.Now()
}

type gathering struct {
	sync.WaitGroup
	items []Item
}

func (g *gathering) wants(item Item) bool { return slices.Contains(g.items, item) }

// run collects the item in parallel, if it is wanted and concerned. The returned function
// waits for it.
func (g *gathering) run(item Item, concerned bool, collect func()) (wait func()) {
	var own sync.WaitGroup
	if g.wants(item) && concerned {
		own.Go(collect)
		g.Go(own.Wait)
	}
	return own.Wait
}

// satelliteAlone begins to gather what is about the satellite and needs no answer
// from the primary. It returns what waits until the satellite was inspected.
func (g *gathering) satelliteAlone(ctx context.Context, src *Source, s *Snapshot, concerned bool) (inspected func()) {
	g.run(ItemCluster, concerned, func() {
		s.Cluster = clusterOf(ctx, src.SatelliteSite)
		if src.oneCluster() {
			s.ProviderCluster = s.Cluster
		}
	})
	inspected = g.run(ItemSatellite, concerned, func() {
		s.Satellite = inCluster(src.SatelliteSite, func() (satellite.State, error) { return src.Satellite().Inspect(ctx) })
	})
	g.run(ItemJournal, concerned, func() {
		s.SatelliteJournal = inCluster(src.SatelliteSite, func() (*journal.Record, error) {
			return journal.Read(ctx, src.SatelliteSite.Access.Clientset(), src.SatelliteJournal())
		})
	})
	g.run(ItemLock, concerned, func() {
		s.SatelliteLock = inCluster(src.SatelliteSite, func() (*lock.State, error) {
			return lock.Read(ctx, src.SatelliteSite.Access.Clientset(), src.SatelliteLock())
		})
	})
	first := s.Primary.URL == ""
	g.run(ItemRegistrations, concerned, func() {
		if first {
			s.Registrations = src.shared.registered(ctx)
		} else {
			s.Registrations = FactOf(src.Primary.Satellites(ctx))
		}
	})
	g.run(ItemEndpoint, concerned, func() {
		s.Endpoint = src.endpoint(ctx)
		inspected()
		s.Endpoint = src.proxied(ctx, s)
	})
	g.run(ItemUnified, concerned, func() { s.Unified = src.unified(ctx) })
	return inspected
}

// oneCluster reports whether the provider has the satellite's context: then the cluster
// is asked once.
func (src *Source) oneCluster() bool {
	return src.Declared.Context == src.Region.Satellite.Context
}

// inCluster collects a fact from a cluster, explaining errors of
// the connection in plain words, or passes on why there is no connection.
func inCluster[T any](site Site, collect func() (T, error)) Fact[T] {
	if site.Err != nil {
		return Unknown[T](site.Err)
	}
	value, err := collect()
	return FactOf(value, cluster.Explain(err, site.Access.Context))
}

// ofProvider collects a fact that lies in the provider's namespace, which is only
// known once the provider is.
func ofProvider[T any](src *Source, s *Snapshot, collect func() (T, error)) Fact[T] {
	if s.ProviderID() == "" {
		return Unknown[T](fmt.Errorf("the provider is unknown: %w", s.Provider.Err()))
	}
	return inCluster(src.ProviderSite, collect)
}

func clusterOf(ctx context.Context, site Site) Fact[Cluster] {
	return inCluster(site, func() (Cluster, error) {
		var (
			group sync.WaitGroup
			found = Cluster{Server: site.Access.Server()}
			errs  [2]error
		)
		group.Go(func() { found.UID, errs[0] = site.Access.UID(ctx) })
		group.Go(func() { found.Version, errs[1] = site.Access.ServerVersion(ctx) })
		group.Wait()
		return found, cmp.Or(errs[0], errs[1])
	})
}

// primary takes the facts that the fleet shares the first time. When the
// provider or the access URL is read again, so is the primary's version: their
// meaning depends on it, and a primary may be upgraded in the middle of a run.
// The returned function waits for that version.
func (src *Source) primary(ctx context.Context, s *Snapshot, again bool) (versioned func()) {
	var asked sync.WaitGroup
	if s.Primary.URL == "" {
		s.Primary = src.shared.facts(ctx)
	} else if again {
		asked.Go(func() { s.Primary.Version = FactOf(src.Primary.Version(ctx)) })
	}
	return asked.Wait
}

// provider finds the provider in the fleet's shared list the first time, and by
// its ID, freshly, from then on.
func (src *Source) provider(ctx context.Context, s *Snapshot) Fact[coder.Provider] {
	if known, ok := s.Provider.Get(); ok && s.found.ID == "" { // not every snapshot was collected here
		s.found = known
	}
	if s.found.ID != "" {
		found, err := src.Primary.Provider(ctx, s.found.ID)
		if coder.IsNotFound(err) { // it was deleted
			return Unknown[coder.Provider](settled(err))
		}
		return FactOf(found, err)
	}
	providers, ok := s.Primary.Providers.Get()
	if !ok {
		return Unknown[coder.Provider](s.Primary.Providers.Err())
	}
	found, err := fleet.MatchProvider(src.Region, src.Declared, src.ProviderSite.server(), providers)
	s.found = found
	return FactOf(found, settled(err))
}
