package snapshot

import (
	"context"
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
	s := &Snapshot{Region: src.Region}
	src.Refresh(ctx, s, items...)
	return s
}

// Refresh gathers the items again, in parallel, and replaces them in s. What
// depends on the provider (canary, chart version, legacy hint) waits for it and
// for nothing else.
func (src *Source) Refresh(ctx context.Context, s *Snapshot, items ...Item) {
	if len(items) == 0 {
		return
	}
	wanted := make(map[Item]bool, len(items))
	for _, item := range items {
		wanted[item] = true
	}

	// independent of the primary's answers
	var alone sync.WaitGroup
	run := func(item Item, collect func()) {
		if wanted[item] {
			alone.Go(collect)
		}
	}
	run(ItemCluster, func() { s.Cluster = inCluster(src, func() (Cluster, error) { return src.cluster(ctx) }) })
	inspected := make(chan struct{}) // with it the key in the cluster is known, if it was to be read again
	if !wanted[ItemSatellite] {
		close(inspected)
	}
	run(ItemSatellite, func() {
		defer close(inspected)
		s.Satellite = inCluster(src, func() (satellite.State, error) {
			return src.Satellite().Inspect(ctx)
		})
	})
	journaled := make(chan struct{}) // with it the ledger is known, if it was to be read again
	if !wanted[ItemJournal] {
		close(journaled)
	}
	run(ItemJournal, func() {
		defer close(journaled)
		s.Journal = inCluster(src, func() (*journal.Record, error) {
			return journal.Read(ctx, src.Access.Clientset(), src.Region.Namespace)
		})
	})
	run(ItemLock, func() {
		s.Lock = inCluster(src, func() (*lock.State, error) {
			return lock.Read(ctx, src.Access.Clientset(), src.Region.Namespace)
		})
	})
	run(ItemRegistrations, func() { s.Registrations = FactOf(src.Primary.Satellites(ctx)) })
	run(ItemEndpoint, func() {
		s.Endpoint = src.endpoint(ctx)
		<-inspected
		s.Endpoint = src.proxied(ctx, s)
	})

	run(ItemUnified, func() { s.Unified = src.unified(ctx) })

	src.primary(ctx, s, wanted)
	if wanted[ItemProvider] {
		s.Provider = src.provider(ctx, s)
	}
	charted := make(chan struct{}) // with it the values to come are known, if they were to be read
	if !wanted[ItemChart] {
		close(charted)
	}
	run(ItemChart, func() {
		defer close(charted)
		src.chart(ctx, s)
	})
	run(ItemCertificates, func() {
		<-inspected
		<-charted
		s.Certificates = src.certificates(ctx, s)
	})
	run(ItemCanary, func() { s.Canary = src.canary(ctx, s) })
	run(ItemLegacy, func() {
		<-journaled
		s.Legacy = inCluster(src, func() (Legacy, error) { return src.legacy(ctx, s) })
	})
	alone.Wait()

	if release := s.Legacy.Value().Release; wanted[ItemRemoval] && release != nil {
		s.Removal = inCluster(src, func() (legacy.Removal, error) {
			return src.Legacy().Of(*release).Preview(ctx)
		})
	}
	if wanted[ItemResources] {
		s.Resources = inCluster(src, func() (Resources, error) { return src.resources(s) })
	}
	if wanted[ItemRendering] && len(s.MissingRights.Value()) == 0 { // otherwise it fails for want of them
		s.Rendering = src.rendering(s)
	}
	s.Taken = src.clock.Now()
}

// inCluster collects a fact from the region's cluster, explaining errors of
// the connection in plain words, or passes on why there is no connection.
func inCluster[T any](src *Source, collect func() (T, error)) Fact[T] {
	if src.noAccess != nil {
		return Unknown[T](src.noAccess)
	}
	value, err := collect()
	if err != nil {
		return Unknown[T](cluster.Explain(err, src.Region.Context))
	}
	return Known(value)
}

func (src *Source) cluster(ctx context.Context) (Cluster, error) {
	var (
		group sync.WaitGroup
		found = Cluster{Server: src.Access.Server()}
		errs  [2]error
	)
	group.Go(func() { found.UID, errs[0] = src.Access.UID(ctx) })
	group.Go(func() { found.Version, errs[1] = src.Access.ServerVersion(ctx) })
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return Cluster{}, err
		}
	}
	return found, nil
}

// primary takes the facts that the fleet shares the first time. When the
// provider or the access URL is read again, so is the primary's version: what
// they mean depends on it, and a primary may be upgraded in the middle of a run.
func (src *Source) primary(ctx context.Context, s *Snapshot, wanted map[Item]bool) {
	if s.Primary.URL == "" {
		s.Primary = src.shared.facts(ctx)
		return
	}
	if wanted[ItemProvider] || wanted[ItemEndpoint] {
		s.Primary.Version = FactOf(src.Primary.Version(ctx))
	}
}

// provider finds the region's provider in the fleet's shared list the first
// time, and by its ID, freshly, from then on.
func (src *Source) provider(ctx context.Context, s *Snapshot) Fact[coder.Provider] {
	if known, ok := s.Provider.Get(); ok { // not every snapshot was collected here
		s.providerID = known.ID
	}
	if s.providerID != "" {
		return FactOf(src.Primary.Provider(ctx, s.providerID))
	}
	providers, ok := s.Primary.Providers.Get()
	if !ok {
		return Unknown[coder.Provider](s.Primary.Providers.Err())
	}
	server := ""
	if src.noAccess == nil {
		server = src.Access.Server()
	}
	found, err := fleet.MatchProvider(src.Region, server, providers)
	s.providerID = found.ID
	return FactOf(found, err)
}
