package snapshot

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

// legacyFact is nothing, known, in a region without a satellite: its users never
// used an envproxy.
func (src *Source) legacyFact(ctx context.Context, s *Snapshot) Fact[Legacy] {
	if src.Region.Satellite.None() {
		return Known(Legacy{})
	}
	return inCluster(src.ProviderSite, src.Declared.Context, func() (Legacy, error) { return src.legacy(ctx, s) })
}

// envproxiesBeside are the envproxy access URLs of the other providers.
func envproxiesBeside(own coder.Provider, all []coder.Provider) []string {
	var urls []string
	for _, provider := range all {
		if own.ID != "" && provider.ID != own.ID && !provider.BuiltIn && provider.EnvproxyAccessURL != "" {
			urls = append(urls, provider.EnvproxyAccessURL)
		}
	}
	return urls
}

// legacy finds the legacy release and, if it is the only one, looks at its
// retention and at whether a rollback to it would work.
func (src *Source) legacy(ctx context.Context, s *Snapshot) (Legacy, error) {
	// Without a provider the whole cluster is searched; the hint helps operators
	// who may not list all namespaces, and tells the provider's of several releases.
	provider := s.Provider.Value()
	if err := s.ProviderJournal.Err(); errors.Is(err, context.DeadlineExceeded) && s.ProviderID() != "" {
		return Legacy{}, err // a cluster that was silent is not waited for once more
	}
	var ledger *journal.Ledger
	if record := s.ProviderJournal.Value(); record != nil {
		ledger = record.Retention
	}
	found, err := src.Legacy(s).Find(ctx, legacy.Hint{
		Ledger:    ledger,
		Namespace: provider.Config.DefaultNamespace,
		AccessURL: provider.EnvproxyAccessURL,
		Others:    envproxiesBeside(provider, s.Primary.Providers.Value()),
	})
	if err != nil {
		return Legacy{}, err
	}
	state := Legacy{Found: found}
	if len(found.Releases) != 1 {
		return state, nil
	}
	state.Release = &found.Releases[0]
	state.AccessURL = cmp.Or(state.Release.AccessURL, provider.EnvproxyAccessURL)
	var group sync.WaitGroup
	if state.AccessURL != "" {
		group.Go(func() {
			state.Reach = probe.Endpoint(ctx, probe.Target{URL: state.AccessURL, RootCAs: src.rootCAs})
		})
	}
	state.Retention, state.Readiness, err = src.Legacy(s).Of(*state.Release).Inspect(ctx)
	group.Wait()
	return state, err
}
