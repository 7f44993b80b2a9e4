package snapshot

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// errNothingNeeded is why no rights are known to be missing when nobody said
// which ones are needed.
var errNothingNeeded = errors.New("nothing says which rights are needed")

// AskRights asks the cluster which of the needed rights the operator lacks, and
// puts them into s. Which are needed depends on the facts, so it comes after them.
func (src *Source) AskRights(ctx context.Context, s *Snapshot, needed []cluster.Rule) {
	s.MissingRights = inCluster(src, func() ([]cluster.Rule, error) {
		if len(needed) == 0 {
			return nil, errNothingNeeded
		}
		return src.Access.Missing(ctx, needed)
	})
	s.Taken = src.clock.Now()
}
