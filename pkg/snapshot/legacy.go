package snapshot

import (
	"cmp"
	"context"
	"errors"
	"sync"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/probe"
)

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
	hint := legacy.Hint{Namespace: provider.Config.DefaultNamespace, AccessURL: provider.EnvproxyAccessURL}
	if record := s.ProviderJournal.Value(); record != nil {
		hint.Ledger = record.Retention
	}
	for _, other := range s.Primary.Providers.Value() {
		if provider.ID != "" && other.ID != provider.ID && !other.BuiltIn && other.EnvproxyAccessURL != "" {
			hint.Others = append(hint.Others, other.EnvproxyAccessURL)
		}
	}
	found, err := site.Find(ctx, hint)
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
