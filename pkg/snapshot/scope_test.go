package snapshot

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coder-satellite/kubectl-coder-satellite/pkg/cluster"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/coder"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/fleet"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/legacy"
	"github.com/coder-satellite/kubectl-coder-satellite/pkg/satellite"
)

func TestScope(t *testing.T) {
	region := fleet.Region{Satellite: fleet.Satellite{Context: "c", Namespace: "edge"}}
	release := &legacy.Release{Namespace: "old", RecordMissing: true}
	provider := Known(coder.Provider{Config: coder.ProviderConfig{DefaultNamespace: "workspaces"}})
	forbidden := errors.New("forbidden")
	for name, test := range map[string]struct {
		s    Snapshot
		want Scope
	}{
		"nothing known": {Snapshot{Legacy: Unknown[Legacy](forbidden), Satellite: Unknown[satellite.State](forbidden)}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "default", Legacy: "default"}},
		"may not look": {
			Snapshot{Legacy: Unknown[Legacy](forbidden), Provider: provider, Satellite: Known(satellite.State{NamespacePhase: "Active"})},
			Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "workspaces"},
		},
		"nothing legacy": {Snapshot{Legacy: Known(Legacy{}), Provider: provider}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces"}},
		"uninstalled":    {Snapshot{Legacy: Known(Legacy{Release: release}), Provider: provider}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "workspaces", Legacy: "old", Restore: true}},
		"no namespace":   {Snapshot{Legacy: Known(Legacy{}), Satellite: Known(satellite.State{})}, Scope{Records: cluster.DriverSecrets, Satellite: "edge", Provider: "default", NewNamespace: true}},
	} {
		t.Run(name, func(t *testing.T) {
			test.s.Region = region
			if diff := cmp.Diff(test.want, test.s.Scope(cluster.DriverSecrets)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
