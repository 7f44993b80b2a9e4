package snapshot

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
)

// workspaces reads the provider's workspaces: first from a listing that the fleet shares, later by its own request.
func (src *Source) workspaces(ctx context.Context, s *Snapshot) Fact[[]coder.Workspace] {
	id := s.ProviderID()
	switch {
	case id == "":
		return Unknown[[]coder.Workspace](fmt.Errorf("the provider is unknown: %w", s.Provider.Err()))
	case s.Workspaces.Collected():
		return FactOf(src.Primary.ProviderWorkspaces(ctx, id))
	}
	all := src.shared.workspaces.get(func() Fact[map[string][]coder.Workspace] {
		list, err := src.shared.client.Workspaces(ctx)
		found := map[string][]coder.Workspace{}
		for _, w := range list {
			found[w.ProviderID] = append(found[w.ProviderID], w)
		}
		return FactOf(found, err)
	})
	return FactOf(all.Value()[id], all.Err())
}
