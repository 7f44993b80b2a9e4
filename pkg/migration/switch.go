package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/workspaces"
)

// noteSwitch records what later shows which workspaces were built since the switch that is about to be made.
func noteSwitch(s *snapshot.Snapshot, record *journal.Record, on bool) {
	list, known := s.Workspaces.Get()
	record.Switched = workspaces.Switched(on, s.Taken, list, known)
}

// switchNetworking sets the provider's flag, and reads it back to confirm that nothing else changed. This also makes up for a
// lost answer.
func switchNetworking(ctx context.Context, api *coder.Client, before coder.Provider, on bool) error {
	patchErr := api.SetNetworkingV2(ctx, before.ID, on)
	after, err := api.Provider(ctx, before.ID)
	if err != nil && patchErr != nil {
		return patchErr
	}
	if err != nil {
		return fmt.Errorf("whether provider %q was switched could not be confirmed: %w", before.Name, err)
	}
	if after.EnableNetV2 == nil || *after.EnableNetV2 != on {
		if patchErr != nil {
			return patchErr
		}
		return fmt.Errorf("the primary accepted the switch of provider %q, but did not make it", before.Name)
	}
	if changed := coder.ProviderChanges(before, after); len(changed) > 0 {
		return fmt.Errorf("when it switched provider %q, the primary also changed %v: compare with `coder providers ls`", before.Name, changed)
	}
	return nil
}
