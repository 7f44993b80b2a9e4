package snapshot

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

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
