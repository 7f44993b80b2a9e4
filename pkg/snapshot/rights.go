package snapshot

import (
	"context"
	"errors"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
)

// missingRights returns those of the needed rights that the operator lacks.
func (src *Source) missingRights(ctx context.Context, s *Snapshot) ([]cluster.Rule, error) {
	if src.Needs == nil {
		return nil, errors.New("nothing says which rights are needed")
	}
	return src.Access.Missing(ctx, src.Needs(s))
}
