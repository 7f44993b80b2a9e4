package snapshot

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/lock"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

// Collect gathers the items into a new snapshot, in parallel. Facts that cannot be read are unknown, with a reason.
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

// gather gathers the provider's items and, if asked to, the satellite's, in parallel. Facts that depend on the provider
// (canary, journal, legacy release) wait for it and for nothing else.
func (src *Source) gather(ctx context.Context, s *Snapshot, items []Item, satellites bool) {
	if len(items) == 0 {
		return
	}
	g := gathering{items: items}
	satellites = satellites && !src.Region.Satellite.None()

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
	g.run(ItemLock, true, func() { s.ProviderLock = ofProvider(ctx, src, s, lock.Read, src.ProviderLock(s)) })
	// The legacy release waits for the journal: the ledger is in it.
	journaled := g.run(ItemJournal, true, func() { s.ProviderJournal = ofProvider(ctx, src, s, journal.Read, src.ProviderJournal(s)) })
	g.run(ItemLegacy, true, func() {
		s.Legacy = inCluster(src.ProviderSite, func() (Legacy, error) { return src.legacy(ctx, s, journaled) })
	})
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
	if g.wants(ItemRendering) && satellites && len(s.MissingRights.Value()) == 0 { // without the rights, it would fail
		s.Rendering = src.rendering(s)
	}
	s.Taken = src.survey.config.Clock.Now()
}

type gathering struct {
	sync.WaitGroup
	items []Item
}

func (g *gathering) wants(item Item) bool { return slices.Contains(g.items, item) }

// run collects the item in parallel with others if it is wanted and concerned. The returned function waits for it.
func (g *gathering) run(item Item, concerned bool, collect func()) (wait func()) {
	var own sync.WaitGroup
	if g.wants(item) && concerned {
		own.Go(collect)
		g.Go(own.Wait)
	}
	return own.Wait
}

// satelliteAlone starts to gather the satellite's facts that need no answer of the primary. The returned function waits
// until the satellite was inspected.
func (g *gathering) satelliteAlone(ctx context.Context, src *Source, s *Snapshot, concerned bool) (inspected func()) {
	g.run(ItemCluster, concerned, func() {
		s.Cluster = clusterOf(ctx, src.SatelliteSite)
		if src.oneCluster() {
			s.ProviderCluster = s.Cluster
		}
	})
	inspected = g.run(ItemSatellite, concerned, func() {
		s.Satellite = inCluster(src.SatelliteSite, func() (satellite.State, error) { return src.Satellite().Inspect(ctx, DeclaredOwner(src.Region)) })
	})
	g.run(ItemJournal, concerned, func() { s.SatelliteJournal = object(ctx, src.SatelliteSite, journal.Read, src.SatelliteJournal()) })
	g.run(ItemLock, concerned, func() { s.SatelliteLock = object(ctx, src.SatelliteSite, lock.Read, src.SatelliteLock()) })
	first := s.Primary.URL == ""
	g.run(ItemRegistrations, concerned, func() {
		if first {
			s.Registrations = src.survey.shared.registrations.get(func() Fact[[]coder.Satellite] { return FactOf(src.survey.shared.client.Satellites(ctx)) })
		} else {
			s.Registrations = FactOf(src.Primary.Satellites(ctx))
		}
	})
	g.run(ItemEndpoint, concerned, func() { s.Endpoint = src.endpoint(ctx, s, inspected) })
	g.run(ItemUnified, concerned, func() { s.Unified = src.unified(ctx) })
	return inspected
}

// oneCluster reports whether the provider is in the satellite's cluster according to the contexts: it is then read once.
func (src *Source) oneCluster() bool {
	return src.Declared.Context == src.Region.Satellite.Context
}

// inCluster collects a fact from a cluster and explains connection errors in plain words.
func inCluster[T any](site *cluster.Access, collect func() (T, error)) Fact[T] {
	value, err := collect()
	return FactOf(value, cluster.Explain(err, site.Context))
}

type reader[T any] func(ctx context.Context, client kubernetes.Interface, name types.NamespacedName) (T, error)

func object[T any](ctx context.Context, site *cluster.Access, read reader[T], name types.NamespacedName) Fact[T] {
	return inCluster(site, func() (T, error) { return read(ctx, site.Clientset(), name) })
}

// ofProvider reads an object in the provider's namespace, which is known once the provider is.
func ofProvider[T any](ctx context.Context, src *Source, s *Snapshot, read reader[T], name types.NamespacedName) Fact[T] {
	if s.ProviderID() == "" {
		return Unknown[T](fmt.Errorf("the provider is unknown: %w", s.Provider.Err()))
	}
	return object(ctx, src.ProviderSite, read, name)
}

func clusterOf(ctx context.Context, site *cluster.Access) Fact[Cluster] {
	return inCluster(site, func() (Cluster, error) {
		var (
			group sync.WaitGroup
			found = Cluster{Server: site.Server()}
			errs  [2]error
		)
		group.Go(func() { found.UID, errs[0] = site.UID(ctx) })
		group.Go(func() { found.Version, errs[1] = site.ServerVersion(ctx) })
		group.Wait()
		return found, cmp.Or(errs[0], errs[1])
	})
}

// primary uses the facts that the fleet shares the first time. Later, the primary's version is read again together with the
// provider or the access URL: their meaning depends on it, and a primary may be upgraded during a run. The returned function
// waits for the version, which is read in parallel with the provider.
func (src *Source) primary(ctx context.Context, s *Snapshot, again bool) (versioned func()) {
	var asked sync.WaitGroup
	if s.Primary.URL == "" {
		s.Primary = src.survey.shared.facts(ctx)
	} else if again {
		asked.Go(func() { s.Primary.Version = FactOf(src.Primary.Version(ctx)) })
	}
	return asked.Wait
}

// provider finds the provider in the fleet's shared list the first time, and reads it by its ID later.
func (src *Source) provider(ctx context.Context, s *Snapshot) Fact[coder.Provider] {
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
	found, err := fleet.MatchProvider(src.Region, src.Declared, src.ProviderSite.Server(), providers)
	s.found = found
	return FactOf(found, settled(err))
}
