package migration

import (
	"context"
	"fmt"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/api/v1alpha1"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/snapshot"
)

// enableNetworkingV2 switches the provider to Networking v2.
type enableNetworkingV2 struct{}

func (enableNetworkingV2) Name() string { return "enable-networking-v2" }

func (enableNetworkingV2) Reads() []snapshot.Item { return []snapshot.Item{snapshot.ItemProvider} }

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

func networkingUnknown(s *snapshot.Snapshot) string {
	switch {
	case !s.Primary.Version.IsKnown():
		return fmt.Sprintf("the primary's version is unknown: %v", s.Primary.Version.Err())
	case !s.Provider.IsKnown():
		return fmt.Sprintf("the provider is unknown: %v", s.Provider.Err())
	default:
		return fmt.Sprintf("provider %q does not say whether it uses Networking v2, and the primary is older than v1.22", s.Provider.Value().Name)
	}
}

func (enableNetworkingV2) Apply(ctx context.Context, run *Run) error {
	run.Refresh(ctx, ruleItems()...)
	if err := context.Cause(ctx); err != nil {
		return err // the facts are missing for this reason, and no other
	}
	if err := mayUseNetworkingV2(run.Now); err != nil {
		return fmt.Errorf("not switched: %w", err)
	}
	return switchNetworking(ctx, run, true)
}

// switchNetworking sets the provider's flag and confirms, by reading it back,
// that it and nothing else changed. An answer that is lost is made up for by
// the reading.
func switchNetworking(ctx context.Context, run *Run, on bool) error {
	commit, cancel := run.Commit(ctx)
	defer cancel()
	before := run.Now.Provider.Value()
	patchErr := run.Source.Primary.SetNetworkingV2(commit, before.ID, on)
	after, err := run.Source.Primary.Provider(commit, before.ID)
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

func (enableNetworkingV2) Undo(ctx context.Context, run *Run) (string, error) {
	if was := run.Record.Before.NetworkingV2; was == nil || *was {
		return "Networking v2 was on before the migration and stays on", nil
	}
	run.Refresh(ctx, snapshot.ItemProvider)
	if run.Now.Networking() == v1alpha1.NetworkingV2AlwaysOn {
		return "the primary always uses Networking v2", nil
	}
	if err := switchNetworking(ctx, run, false); err != nil {
		return "", err
	}
	return "the provider is back on the legacy path (Networking v2 off)", nil
}
