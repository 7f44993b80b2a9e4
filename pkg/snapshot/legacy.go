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

// envproxiesBeside returns the envproxy access URLs of the other providers.
func envproxiesBeside(own coder.Provider, all []coder.Provider) []string {
	var urls []string
	for _, provider := range all {
		if own.ID != "" && provider.ID != own.ID && !provider.BuiltIn && provider.EnvproxyAccessURL != "" {
			urls = append(urls, provider.EnvproxyAccessURL)
		}
	}
	return urls
}

// legacy finds the legacy release and, if it is the only one, inspects its retention and whether a rollback to it would
// work. Only what needs the journal waits for journaled.
func (src *Source) legacy(ctx context.Context, s *Snapshot, journaled func()) (Legacy, error) {
	if src.Region.Satellite.None() {
		return Legacy{}, nil // its users never used an envproxy
	}
	// Without a provider, the whole cluster is searched. The hint helps operators who may not list all namespaces, and
	// identifies the provider's release among several.
	provider := s.Provider.Value()
	site := src.Legacy(s).Once()
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { site.Expect(ctx) })
	var reach func() probe.Result
	connect := func(accessURL string) { // as users do
		reached := sync.OnceValue(func() probe.Result {
			return probe.Endpoint(ctx, probe.Target{URL: accessURL, RootCAs: src.survey.config.RootCAs})
		})
		group.Go(func() { reached() })
		reach = reached
	}
	if provider.EnvproxyAccessURL != "" {
		connect(provider.EnvproxyAccessURL)
	}
	journaled()
	if err := s.ProviderJournal.Err(); errors.Is(err, context.DeadlineExceeded) && s.ProviderID() != "" {
		return Legacy{}, err // do not wait again for a cluster that does not answer
	}
	var ledger *journal.Ledger
	if record := s.ProviderJournal.Value(); record != nil {
		ledger = record.Retention
	}
	found, err := site.Find(ctx, legacy.Hint{
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
	if state.AccessURL != provider.EnvproxyAccessURL {
		connect(state.AccessURL)
	}
	state.Retention, state.Readiness, err = site.Of(*state.Release).Inspect(ctx)
	if state.AccessURL != "" {
		state.Reach = reach()
	}
	return state, err
}
