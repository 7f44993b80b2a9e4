package migration

import (
	"context"
	"fmt"

	"k8s.io/utils/ptr"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/journal"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// enableNetworkingV2 switches the provider to Networking v2.
type enableNetworkingV2 struct{}

func (enableNetworkingV2) Name() string { return "enable-networking-v2" }

func (enableNetworkingV2) Reads() []snapshot.Item {
	return []snapshot.Item{snapshot.ItemProvider, snapshot.ItemCanary}
}

func (enableNetworkingV2) Decide(s *snapshot.Snapshot) Decision {
	provider := s.Provider.Value().Name
	switch s.Networking() {
	case v1alpha1.NetworkingV2On:
		return already(fmt.Sprintf("provider %q uses Networking v2", provider))
	case v1alpha1.NetworkingV2AlwaysOn:
		return already(fmt.Sprintf("a primary of v%s always uses Networking v2", s.Primary.Version.Value()))
	case v1alpha1.NetworkingV2Off:
		return change(fmt.Sprintf("switch provider %q to Networking v2", provider))
	default:
		return blocked(networkingUnknown(s))
	}
}

// Note keeps what the switch was: off, whatever the journal said of the time
// before. From here on the migration is not complete until its end.
func (enableNetworkingV2) Note(s *snapshot.Snapshot, record *journal.Record) {
	if record.Before == nil {
		record.Before = &journal.Before{}
	}
	record.Before.NetworkingV2, record.Migrated = ptr.To(false), false
	expectRebuild(s, record, journal.ProvesSatellite)
}

func (enableNetworkingV2) Apply(ctx context.Context, run *Run) error {
	run.Refresh(ctx, ruleItems()...)
	if err := context.Cause(ctx); err != nil {
		return err // the facts are missing for this reason, and no other
	}
	if err := mayUseNetworkingV2(run.Now); err != nil {
		return fmt.Errorf("not switched: %w", err)
	}
	commit, cancel := run.Commit(ctx)
	defer cancel()
	return switchNetworking(commit, run.Source.Primary, run.Now.Provider.Value(), true)
}

// switchNetworking sets the provider's flag and confirms, by reading it back,
// that it and nothing else changed. An answer that is lost is made up for by
// the reading.
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
		return fmt.Errorf("the primary accepted the switch of provider %q, but did not do it", before.Name)
	}
	if changed := coder.ProviderChanges(before, after); len(changed) > 0 {
		return fmt.Errorf("with the switch of provider %q the primary also changed %v: compare them with `coder providers ls`", before.Name, changed)
	}
	return nil
}
